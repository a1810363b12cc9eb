"""What a client sees of limits."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from litestar import Litestar

from bedplate.app import create_app
from bedplate.settings import Settings
from bedplate.settings.http import HttpSettings
from bedplate.settings.limits import LimitsSettings
from bedplate.settings.redis import RedisSettings


@pytest.fixture
async def limited(settings: Settings) -> AsyncIterator[Litestar]:
    told = LimitsSettings(overrides=("address=40/3600 burst:40 lease:0", "read=3/3600"), patience=2.0)
    changed = msgspec.structs.replace(
        settings,
        limits=told,
        redis=RedisSettings(url=settings.redis.url, timeout=2.0, prefix="limited"),
        http=HttpSettings(public_url="http://bedplate.test", trusted_proxies=("127.0.0.0/8",)),
    )
    app = create_app(changed)
    await app.state.redis.flushdb()
    started, done = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await done.wait()

    life = asyncio.create_task(live())
    await started.wait()
    yield app
    done.set()
    await life


@pytest.fixture
async def visitor(limited: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=limited, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://bedplate.test") as client:
        yield client


def behind(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def test_an_answer_tells_what_is_left_and_a_refusal_why(visitor: httpx.AsyncClient) -> None:
    path, who = "/.well-known/jwks.json", behind("203.0.113.1")
    answers = [await visitor.get(path, headers=who) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"read";q=3;w=3600'
    assert answers[0].headers["ratelimit"].startswith('"read";r=2;t=')
    problem = answers[3].json()
    assert answers[3].headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["code"]) == (429, "quota_exceeded")
    assert problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert problem["violated-policies"] == ["read"]
    # Retry-After may not name an earlier moment than `t`: 1,200 s give one back, 3,600 s all.
    wait = int(answers[3].headers["retry-after"])
    assert 1100 < wait <= 1200
    assert answers[3].headers["ratelimit"] == f'"read";r=0;t={wait}'


async def test_an_address_is_limited_before_routing(visitor: httpx.AsyncClient) -> None:
    who = behind("203.0.113.2")
    statuses = [(await visitor.get(f"/nowhere/{n}", headers=who)).status_code for n in range(41)]
    assert statuses == [404] * 40 + [429]
    refused = await visitor.post("/nowhere", headers=who)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["request_id"]
    assert (await visitor.get("/nowhere", headers=behind("203.0.113.3"))).status_code == 404


async def test_row_06_a_forged_hop_does_not_evade_a_limit(visitor: httpx.AsyncClient) -> None:
    statuses = [
        (await visitor.get("/nowhere", headers=behind(f"198.51.100.{n}, 203.0.113.4"))).status_code
        for n in range(41)
    ]
    assert statuses[-1] == 429


async def test_row_06_ipv6_counts_by_network(visitor: httpx.AsyncClient) -> None:
    statuses = [
        (await visitor.get("/nowhere", headers=behind(f"2001:db8::{n:x}"))).status_code for n in range(41)
    ]
    assert statuses[-1] == 429


async def test_probes_are_not_held_against_reading(visitor: httpx.AsyncClient) -> None:
    answers = [await visitor.get("/health/live", headers=behind("203.0.113.5")) for _ in range(6)]
    assert {answer.status_code for answer in answers} == {200}
