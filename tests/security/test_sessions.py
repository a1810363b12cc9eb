import asyncio

import httpx
import pytest
from litestar import Litestar

from bedplate.settings import Settings
from fixtures.apps import calling, running
from fixtures.mail import Letter
from fixtures.people import PASSWORD, Person, log_in, sign_up
from fixtures.sharing import refused_in_time

pytestmark = pytest.mark.security


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/v1/auth/refresh", json={"refresh_token": token})


async def change_sessions(app: Litestar, person: Person, change: str) -> None:
    async with app.state.database.transaction() as session:
        await (await session.connection()).exec_driver_sql(
            f"update auth_session set {change} where user_id = $1", (person.user_id,)
        )


async def refused_everywhere(headers: dict[str, str], *clients: httpx.AsyncClient) -> None:
    for client in clients:
        await refused_in_time(lambda client=client: client.get("/v1/me", headers=headers))


async def test_row_09_fifty_refreshes_at_once_have_one_successor(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    answers = await asyncio.gather(*(refresh(asgi, person.refresh_token) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_row_09_stale_reuse_ends_the_family_in_every_process(
    asgi: httpx.AsyncClient, app: Litestar, settings: Settings, letter: Letter
) -> None:
    person = await sign_up(asgi)
    successor = (await refresh(asgi, person.refresh_token)).json()
    headers = {"Authorization": f"Bearer {successor['access_token']}"}
    async with running(settings) as other, calling(other) as elsewhere:
        assert (await elsewhere.get("/v1/me", headers=headers)).status_code == 200
        await change_sessions(app, person, "rotated_at = rotated_at - interval '11 seconds'")
        reused = await refresh(asgi, person.refresh_token)
        assert (reused.status_code, reused.json()["code"]) == (401, "invalid_refresh_token")
        await refused_everywhere(headers, asgi, elsewhere)
        assert (await refresh(asgi, successor["refresh_token"])).status_code == 401
    async with running(settings) as restarted, calling(restarted) as again:
        assert (await again.get("/v1/me", headers=headers)).status_code == 401
    await letter(person.email, "ended for safety")


@pytest.mark.parametrize("limit", ["expires_at", "idle_expires_at"])
async def test_row_11_sessions_end_by_absolute_and_idle_limits(
    asgi: httpx.AsyncClient, app: Litestar, limit: str
) -> None:
    person = await sign_up(asgi)
    await change_sessions(app, person, f"{limit} = now() - interval '1 second'")
    assert (await refresh(asgi, person.refresh_token)).status_code == 401
    fresh = await log_in(asgi, person.email)
    listed = (await asgi.get("/v1/auth/sessions", headers=fresh.headers)).json()["items"]
    assert len(listed) == 1


async def test_row_10_sessions_are_ended_one_others_and_all(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    second, third = await log_in(asgi, person.email), await log_in(asgi, person.email)
    listed = (await asgi.get("/v1/auth/sessions", headers=person.headers)).json()["items"]
    assert len(listed) == 3
    mine = next(one["id"] for one in listed if one["current"])
    newest = listed[0]["id"]
    assert newest != mine
    one = await asgi.delete(f"/v1/auth/sessions/{newest}", headers=person.headers)
    assert one.status_code == 204
    await refused_everywhere(third.headers, asgi)
    assert (await asgi.delete("/v1/auth/sessions", headers=person.headers)).status_code == 204
    await refused_everywhere(second.headers, asgi)
    assert (await asgi.get("/v1/me", headers=person.headers)).status_code == 200
    stranger = await sign_up(asgi)
    others = await asgi.delete(f"/v1/auth/sessions/{mine}", headers=stranger.headers)
    assert others.status_code == 404


async def test_row_10_with_the_push_silent_each_request_checks_the_store(
    asgi: httpx.AsyncClient, settings: Settings
) -> None:
    person = await sign_up(asgi)
    async with running(settings) as deaf, calling(deaf) as client:
        deaf.state.revocations.listener = None
        assert (await client.get("/v1/me", headers=person.headers)).status_code == 200
        await asgi.post("/v1/auth/logout", headers=person.headers)
        assert (await client.get("/v1/me", headers=person.headers)).status_code == 401


async def test_a_new_device_is_mailed_and_a_known_one_is_not(asgi: httpx.AsyncClient, letter: Letter) -> None:
    person = await sign_up(asgi)
    body = {"email": person.email, "password": PASSWORD, "device": "Kitchen radio"}
    asgi.cookies.clear()
    await asgi.post("/v1/auth/login", json=body, headers={"User-Agent": "radio/1"})
    told = await letter(person.email, "new sign-in")
    assert "Kitchen radio" in told.text
    assert "127.0.0.1" in told.text
