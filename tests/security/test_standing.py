"""What was begun, or held, under a right that is gone since: none of it may outlive the right."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from bedplate.app import permissions
from bedplate.domains.access import ADMIN, Assignments
from bedplate.domains.audit import Actor
from bedplate.domains.plans.events import controllers
from bedplate.domains.plans.events.stream import Place, newest_place
from bedplate.domains.sessions import keep_administrator
from bedplate.platform.db import ReadPool
from fixtures.federation import challenge_of, house, trade
from fixtures.mail import Letter
from fixtures.openid import OpenIdServer
from fixtures.people import PASSWORD, Join, Person, log_in, new_email
from fixtures.sharing import etag_of, new_key, new_team, refused_in_time, with_key

pytestmark = pytest.mark.security
NEW = "quite another long phrase 77"
OURS = {"Origin": "http://bedplate.test", "Sec-Fetch-Site": "same-origin"}


async def reset_token(asgi: httpx.AsyncClient, letter: Letter, person: Person) -> str:
    assert (await asgi.post("/v1/auth/password/forgot", json={"email": person.email})).status_code == 202
    return (await letter(person.email, "eset")).token


async def reset(asgi: httpx.AsyncClient, token: str) -> None:
    answer = await asgi.post("/v1/auth/password/reset", json={"token": token, "password": NEW})
    assert answer.status_code == 204, answer.text


@pytest.mark.parametrize("by_mail", [True, False])
async def test_row_08_a_new_password_withdraws_a_pending_change_of_address(
    asgi: httpx.AsyncClient, join: Join, letter: Letter, *, by_mail: bool
) -> None:
    person, thief = await join(asgi), new_email("thief")
    asked = await asgi.post("/v1/auth/email/change", json={"email": thief}, headers=person.headers)
    assert asked.status_code == 202
    stolen = (await letter(thief, "confirm your new")).token
    if by_mail:
        await reset(asgi, await reset_token(asgi, letter, person))
    else:
        body = {"current_password": PASSWORD, "new_password": NEW}
        changed = await asgi.post("/v1/auth/password/change", json=body, headers=person.headers)
        assert changed.status_code == 204
    taken = await asgi.post("/v1/auth/email/verify", json={"token": stolen})
    assert (taken.status_code, taken.content and taken.json()["code"]) == (400, "invalid_mailed_token")


@pytest.fixture
async def openid(app: Litestar) -> AsyncIterator[OpenIdServer]:
    async with house(app) as server:
        yield server


async def test_row_15_a_link_to_a_provider_ends_with_the_session_that_began_it(
    asgi: httpx.AsyncClient, join: Join, letter: Letter, openid: OpenIdServer
) -> None:
    person, verifier = await join(asgi), secrets.token_urlsafe(48)
    body = {"provider": "house", "code_challenge": challenge_of(verifier)}
    begun = await asgi.post("/v1/auth/identities", json=body, headers=person.headers)
    await reset(asgi, await reset_token(asgi, letter, person))
    done = await trade(asgi, verifier, openid.visit(begun.json()["authorization_url"]))
    assert done.status_code in {400, 401}, done.text
    mine = await log_in(asgi, person.email, NEW)
    assert (await asgi.get("/v1/auth/identities", headers=mine.headers)).json()["items"] == []


@pytest.mark.parametrize("cookie", [False, True])
async def test_row_08_a_sign_in_under_way_does_not_outlive_a_reset(
    asgi: httpx.AsyncClient,
    app: Litestar,
    join: Join,
    letter: Letter,
    monkeypatch: pytest.MonkeyPatch,
    *,
    cookie: bool,
) -> None:
    person = await join(asgi)
    token = await reset_token(asgi, letter, person)
    checked, go_on = asyncio.Event(), asyncio.Event()
    verify = app.state.passwords.verify

    async def held(stored: str | None, password: str) -> bool:
        found = await verify(stored, password)
        checked.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(app.state.passwords, "verify", held)
    body = {"email": person.email, "password": PASSWORD, "cookie": cookie}
    login = asyncio.create_task(asgi.post("/v1/auth/login", json=body, headers=OURS))
    await checked.wait()
    await reset(asgi, token)
    go_on.set()
    answer = await login
    asgi.cookies.clear()
    assert (answer.status_code, answer.json().get("code")) == (401, "invalid_credentials")


async def test_row_10_a_cookie_that_is_read_during_a_change_does_not_tell_what_was_before(
    asgi: httpx.AsyncClient, app: Litestar, make_admin: Join
) -> None:
    admin, _ = await make_admin(asgi), await make_admin(asgi)
    asgi.cookies.clear()
    body = {"email": admin.email, "password": PASSWORD, "cookie": True}
    answer = await asgi.post("/v1/auth/login", json=body, headers=OURS)
    cookie = {"Cookie": f"__Host-bedplate={answer.cookies['__Host-bedplate']}"}
    asgi.cookies.clear()
    async with app.state.database.transaction() as session:
        await Assignments(session).take(UUID(admin.user_id), ADMIN, permissions(), Actor())
        meanwhile = asyncio.create_task(asgi.get("/v1/users", headers=cookie))
        # It either answers by what is still true, or waits for the change.
        await asyncio.wait({meanwhile}, timeout=0.5)
    await meanwhile
    async with asyncio.timeout(30):
        while (await asgi.get("/v1/users", headers=cookie)).status_code != 403:
            await asyncio.sleep(0.01)


async def test_row_18_keys_of_a_disabled_person_stay_dead_when_he_is_enabled(
    asgi: httpx.AsyncClient, join: Join, make_admin: Join
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    path = f"/v1/users/{person.user_id}"
    for disabled in (True, False):
        match = await etag_of(asgi, path, admin)
        assert (await asgi.patch(path, json={"disabled": disabled}, headers=match)).status_code == 200
    await refused_in_time(lambda: asgi.get("/v1/teams", headers=with_key(key)))


async def test_row_18_keys_of_a_closed_account_stay_dead_when_it_is_restored(
    asgi: httpx.AsyncClient, join: Join, letter: Letter
) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    assert (await asgi.delete("/v1/me", headers=person.headers)).status_code == 200
    token = (await letter(person.email, "will be erased")).token
    assert (await asgi.post("/v1/auth/restore", json={"token": token})).status_code == 204
    await refused_in_time(lambda: asgi.get("/v1/teams", headers=with_key(key)))


async def test_the_archive_of_ones_data_is_erased_with_it(
    asgi: httpx.AsyncClient, app: Litestar, join: Join, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    person = await join(asgi)
    assert (await asgi.post("/v1/me/exports", headers=person.headers)).status_code == 202
    await run_jobs()
    assert (await asgi.delete("/v1/me", headers=person.headers)).status_code == 200
    late = text("update account set erase_at = now() - interval '1 second' where id = :id")
    async with app.state.database.transaction() as session:
        await session.execute(late, {"id": person.user_id})
        await app.state.jobs.scheduler.run_now(session, "accounts.erase")
    await run_jobs()
    kept = "select task from job where position($1 in coalesce(result::text, '')) > 0"
    assert await app.state.database.reads.fetch(kept, person.email) == []


async def test_row_28_a_refused_passkey_is_on_record(asgi: httpx.AsyncClient, app: Litestar) -> None:
    offer = (await asgi.post("/v1/auth/passkeys/options")).json()
    credential = {"id": "AAAA", "rawId": "AAAA", "type": "public-key"}
    body = {"challenge": offer["challenge"], "passkey": credential}
    agent = f"probe-{secrets.token_hex(8)}"
    refused = await asgi.post("/v1/auth/passkeys/login", json=body, headers={"User-Agent": agent})
    assert refused.status_code == 401, refused.text
    seen = "select type from audit_event where user_agent = $1"
    assert [row[0] for row in await app.state.database.reads.fetch(seen, agent)] == ["session.login_failed"]


async def test_a_start_gives_an_administrator_back_a_password_that_failures_disabled(
    asgi: httpx.AsyncClient, app: Litestar
) -> None:
    email, most = new_email("admin"), app.state.settings.auth.max_password_failures
    database, passwords = app.state.database, app.state.passwords
    await keep_administrator(database, passwords, email=email, password=PASSWORD)
    failed = text("update account set password_failures = :most where email = :email")
    async with database.transaction() as session:
        await session.execute(failed, {"most": most, "email": email})
    await keep_administrator(database, passwords, email=email, password=PASSWORD)
    await log_in(asgi, email)


async def test_the_account_of_a_teams_key_is_no_user_to_delete(
    asgi: httpx.AsyncClient, app: Litestar, join: Join, make_admin: Join
) -> None:
    admin, owner = await make_admin(asgi), await join(asgi)
    key = await new_key(asgi, owner, "teams:read", team_id=await new_team(asgi, owner))
    found = await app.state.database.reads.fetch("select user_id from api_key where id = $1", key["id"])
    path = f"/v1/users/{found[0][0]}"
    assert (await asgi.get(path, headers=admin.headers)).status_code == 404
    assert (await asgi.delete(path, headers=admin.headers)).status_code == 404


@pytest.mark.parametrize("cause", ["logout", "disabled"])
async def test_row_10_a_stream_of_a_plans_events_ends_with_the_credential(
    asgi: httpx.AsyncClient,
    join: Join,
    make_admin: Join,
    monkeypatch: pytest.MonkeyPatch,
    *,
    cause: str,
) -> None:
    person, admin, begun = await join(asgi), await make_admin(asgi), asyncio.Event()
    body = {"key": f"p-{secrets.token_hex(4)}", "title": "Watched"}
    plan = (await asgi.post("/v1/plans", json=body, headers=person.headers)).json()

    async def newest(reads: ReadPool, plan_id: UUID) -> Place:
        begun.set()
        return await newest_place(reads, plan_id)

    monkeypatch.setattr(controllers, "newest_place", newest)
    watching = asyncio.create_task(asgi.get(f"/v1/plans/{plan['id']}/events", headers=person.headers))
    await begun.wait()
    if cause == "logout":
        assert (await asgi.post("/v1/auth/logout", headers=person.headers)).status_code == 204
    else:
        path = f"/v1/users/{person.user_id}"
        match = await etag_of(asgi, path, admin)
        assert (await asgi.patch(path, json={"disabled": True}, headers=match)).status_code == 200
    async with asyncio.timeout(30):
        assert (await watching).status_code == 200
