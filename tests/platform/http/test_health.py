"""Probes tell the truth: which server is gone, whether it matters, and soon."""

import asyncio

import httpx
import msgspec
import pytest
from litestar import Litestar

from bedplate.platform.http import health
from bedplate.platform.http.health import Probes
from bedplate.settings import Secret, Settings
from bedplate.settings.redis import RedisSettings
from fixtures.apps import calling, running

OK = {"state": "ok"}


async def well() -> None: ...


async def away() -> None:
    raise ConnectionError("at redis.internal")


async def never() -> None:
    await asyncio.Event().wait()


async def test_everything_is_well(asgi: httpx.AsyncClient) -> None:
    answer = await asgi.get("/health/ready")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {"status": "ok", "dependencies": {"database": OK, "redis": OK, "capacity": OK}}
    assert (await asgi.get("/health/startup")).status_code == 200


async def test_without_redis_it_serves_degraded(settings: Settings) -> None:
    gone = msgspec.structs.replace(settings, redis=RedisSettings(url=Secret("redis://127.0.0.1:9")))
    async with running(gone) as app, calling(app) as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["dependencies"]["database"] == OK
        assert answer.json()["dependencies"]["redis"] == {"state": "failed", "reason": "ConnectionError"}
        assert (await client.get("/health/live")).json()["status"] == "ok"


async def test_without_the_database_it_does_not_serve(
    app: Litestar, asgi: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state, "probes", Probes({"database": away}, {"redis": well}))
    answer = await asgi.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "failed")
    assert "redis.internal" not in answer.text
    startup = await asgi.get("/health/startup")
    assert (startup.status_code, startup.json()["status"]) == (503, "failed")


async def test_a_server_that_restarts_is_found_well_again(app: Litestar) -> None:
    asking = app.state.database.sign_of_life
    await asking.ask()
    asking._kept.terminate()
    await asking.ask()
    # One that is asked for on the way is not kept beside the other.
    await asyncio.gather(asking.ask(), asking.ask())
    assert not asking._kept.is_closed()


async def test_a_server_that_does_not_answer_is_not_waited_for(
    app: Litestar, asgi: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "TIME_BOX", 0.01)
    monkeypatch.setattr(app.state, "probes", Probes({"database": well}, {"redis": never}))
    async with asyncio.timeout(30):
        answer = await asgi.get("/health/ready")
    assert answer.json()["dependencies"]["redis"] == {"state": "failed", "reason": "TimeoutError"}


async def test_those_who_ask_at_once_share_an_answer(
    app: Litestar, asgi: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def count() -> None:
        nonlocal asked
        asked += 1

    monkeypatch.setattr(health, "COALESCE", 3600.0)
    monkeypatch.setattr(app.state, "probes", Probes({"database": count}, {}))
    await asyncio.gather(*(asgi.get("/health/ready") for _ in range(5)))
    assert asked == 1
