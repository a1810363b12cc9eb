import os
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable, Mapping

import httpx
import msgspec
import pytest
from litestar import Litestar

from bedplate.settings import Settings
from bedplate.settings.auth import AuthSettings
from bedplate.settings.limits import LimitsSettings
from fixtures.apps import calling, running
from fixtures.people import PASSWORD, Person, new_email, sign_up

pytestmark = pytest.mark.security

TIMED = pytest.mark.skipif(
    not os.environ.get("BEDPLATE_TIMING"),
    reason="measures time: set BEDPLATE_TIMING=1 on a machine with nothing else to do; the counts below always run",
)
ROUNDS = 50
NOISE = 0.10
TRIES = 3


@pytest.fixture
async def unlimited(settings: Settings) -> AsyncIterator[Litestar]:
    """Without back-off, and with a hash long enough to measure a tenth of on a busy machine."""
    auth = msgspec.structs.replace(settings.auth, argon2_memory=19_456, argon2_time=3)
    async with running(
        msgspec.structs.replace(settings, limits=LimitsSettings(enabled=False), auth=auth)
    ) as app:
        yield app


async def timed(client: httpx.AsyncClient, path: str, body: dict[str, str]) -> tuple[float, httpx.Response]:
    before = time.perf_counter()
    answer = await client.post(path, json=body)
    return time.perf_counter() - before, answer


async def alter(app: Litestar, person: Person, change: str) -> None:
    async with app.state.database.transaction() as session:
        await (await session.connection()).exec_driver_sql(
            f"update account set {change} where id = $1", (person.user_id,)
        )


async def hash_seconds(app: Litestar) -> float:
    taken: list[float] = []
    for _ in range(9):
        before = time.perf_counter()
        await app.state.passwords.hash(PASSWORD)
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)


async def medians(
    client: httpx.AsyncClient, path: str, kinds: Mapping[str, Callable[[], dict[str, str]]], rounds: int
) -> tuple[dict[str, float], set[tuple[int, str]]]:
    """The median time of each kind of request, interleaved, and the answers that there were."""
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    answers: set[tuple[int, str]] = set()
    for _ in range(rounds):
        # In no fixed order: what one request leaves to do must not always fall on the same next one.
        for kind, body in random.sample(sorted(kinds.items()), len(kinds)):
            seconds, answer = await timed(client, path, body())
            taken[kind].append(seconds)
            shown = {k: v for k, v in answer.json().items() if k != "request_id"}
            answers.add((answer.status_code, str(shown)))
    return {kind: statistics.median(values) for kind, values in taken.items()}, answers


async def assert_alike(
    app: Litestar, path: str, kinds: Mapping[str, Callable[[], dict[str, str]]], rounds: int
) -> None:
    """One answer, and no gap; a busy machine gets two more tries, which a real gap fails as well."""
    async with calling(app) as client:
        for _ in range(TRIES):
            found, answers = await medians(client, path, kinds, rounds)
            assert len(answers) == 1
            if max(found.values()) - min(found.values()) < NOISE * await hash_seconds(app):
                return
    raise AssertionError(found)


@TIMED
async def test_row_01_failed_logins_tell_nothing(unlimited: Litestar) -> None:
    async with calling(unlimited) as client:
        known, oauth_only, disabled = [await sign_up(client) for _ in range(3)]
    await alter(unlimited, oauth_only, "password_hash = null")
    await alter(unlimited, disabled, "disabled_at = now()")
    kinds = {
        "unknown": lambda: {"email": new_email(), "password": "not this phrase 42"},
        "wrong": lambda: {"email": known.email, "password": "not this phrase 42"},
        "oauth-only": lambda: {"email": oauth_only.email, "password": PASSWORD},
        "disabled": lambda: {"email": disabled.email, "password": PASSWORD},
    }
    await assert_alike(unlimited, "/v1/auth/login", kinds, ROUNDS)


@TIMED
async def test_row_02_sign_up_takes_as_long_for_a_known_address(unlimited: Litestar) -> None:
    async with calling(unlimited) as client:
        known = await sign_up(client)
    body = {"password": PASSWORD, "name": "Person"}
    kinds = {
        "known": lambda: {"email": known.email, **body},
        "new": lambda: {"email": new_email(), **body},
    }
    await assert_alike(unlimited, "/v1/auth/signup", kinds, ROUNDS // 2)


async def hashes_made(app: Litestar, path: str, body: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> int:
    made = 0
    run = app.state.passwords._run

    async def counted(*arguments: object) -> object:
        nonlocal made
        made += 1
        return await run(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(app.state.passwords, "_run", counted)
        async with calling(app) as client:
            await client.post(path, json=body)
    return made


async def test_row_01_every_failed_login_costs_one_hash(
    app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with calling(app) as client:
        known, oauth_only, disabled = [await sign_up(client) for _ in range(3)]
    await alter(app, oauth_only, "password_hash = null")
    await alter(app, disabled, "disabled_at = now()")
    for email in (new_email(), known.email, oauth_only.email, disabled.email):
        body = {"email": email, "password": "not this phrase 42"}
        assert await hashes_made(app, "/v1/auth/login", body, monkeypatch) == 1


async def test_row_02_every_sign_up_costs_one_hash(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> None:
    async with calling(app) as client:
        known = await sign_up(client)
    for email in (new_email(), known.email):
        body = {"email": email, "password": PASSWORD, "name": "Person"}
        assert await hashes_made(app, "/v1/auth/signup", body, monkeypatch) == 1


async def test_row_04_a_weak_hash_is_upgraded_at_the_next_login(
    asgi: httpx.AsyncClient, settings: Settings
) -> None:
    # The shared application's hashes are cheap: they are the weak ones here, and this one has the defaults.
    person = await sign_up(asgi)
    defaults = AuthSettings(secret=settings.auth.secret, allow_reserved_domains=True)
    async with running(msgspec.structs.replace(settings, auth=defaults)) as app, calling(app) as client:
        login = {"email": person.email, "password": PASSWORD}
        assert (await client.post("/v1/auth/login", json=login)).status_code == 200
        await _hash_is_strong(app, person)


async def _hash_is_strong(app: Litestar, person: Person) -> None:
    rows = await app.state.database.reads.fetch(
        "select password_hash from account where id = $1", person.user_id
    )
    kind, _, parameters = rows[0][0].split("$")[1:4]
    found = dict(part.split("=") for part in parameters.split(","))
    assert kind == "argon2id"
    assert int(found["m"]) >= 19_456
    assert int(found["t"]) >= 2
