"""Redis away: what it only makes fast goes on, and nothing is bypassed."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from bedplate.settings import Secret, Settings
from fixtures.apps import calling, running
from fixtures.people import new_email, sign_up
from fixtures.service import free_port
from fixtures.sharing import refused_in_time

pytestmark = pytest.mark.security
TOO_MANY = 429


@pytest.fixture
async def without_redis(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    nowhere = Secret(f"redis://127.0.0.1:{free_port()}/0")
    redis = msgspec.structs.replace(settings.redis, url=nowhere, timeout=0.5)
    async with running(msgspec.structs.replace(settings, redis=redis)) as app, calling(app) as client:
        yield client


async def test_row_31_without_redis_people_sign_in_and_an_ended_session_stays_ended(
    without_redis: httpx.AsyncClient, asgi: httpx.AsyncClient
) -> None:
    person = await sign_up(without_redis)
    assert (await without_redis.get("/v1/me", headers=person.headers)).status_code == 200
    # Ended in another process, which tells this one by PostgreSQL.
    assert (await asgi.post("/v1/auth/logout", headers=person.headers)).status_code == 204
    body = {"refresh_token": person.refresh_token}
    assert (await without_redis.post("/v1/auth/refresh", json=body)).status_code == 401
    await refused_in_time(lambda: without_redis.get("/v1/auth/sessions", headers=person.headers))


async def test_row_31_without_redis_failures_still_back_off(without_redis: httpx.AsyncClient) -> None:
    email = new_email()
    body = {"email": email, "password": "not the right phrase"}
    statuses: list[int] = []
    while TOO_MANY not in statuses:
        answer = await without_redis.post("/v1/auth/login", json=body)
        statuses.append(answer.status_code)
        assert len(statuses) <= 31, statuses
    assert set(statuses) == {401, TOO_MANY}
    assert int(answer.headers["retry-after"]) >= 1
