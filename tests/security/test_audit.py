"""Row 28: the audit trail."""

import asyncpg
import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from bedplate.domains.accounts.erasure import erase_account
from bedplate.platform.db import Database
from fixtures.people import PASSWORD, Join

pytestmark = pytest.mark.security


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_event set type = 'x.y'",
        "delete from audit_event",
        "truncate audit_event",
        "alter table audit_event disable trigger all",
        "drop table audit_event",
        "create rule quiet as on insert to audit_event do instead nothing",
    ],
)
async def test_row_28_the_applications_role_cannot_change_the_trail(app: Litestar, statement: str) -> None:
    database: Database = app.state.database
    connection = await database.connect()
    try:
        owner = await connection.fetchval("select tableowner from pg_tables where tablename = 'audit_event'")
        if owner == await connection.fetchval("select current_user"):
            pytest.skip("these servers were given with one role for owner and application")
        assert await connection.fetchval("select has_table_privilege('audit_event', 'insert')")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_row_28_an_event_is_in_the_transaction_of_its_effect(
    app: Litestar, asgi: httpx.AsyncClient, join: Join, make_admin: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    # Where the trail cannot be written, what it would tell does not happen.
    monkeypatch.setattr("bedplate.domains.teams.service.record", _broken)
    monkeypatch.setattr("bedplate.domains.keys.service.record", _broken)
    key = {"name": "Key", "scopes": ["teams:read"]}
    for path, body in (("/v1/teams", {"name": "Untold"}), ("/v1/api-keys", key)):
        answer = await asgi.post(path, json=body, headers=person.headers)
        assert answer.status_code == 500
        listed = await asgi.get(path, headers=person.headers)
        assert not [item for item in listed.json()["items"] if item["name"] in {"Untold", "Key"}]
    assert (await asgi.get("/v1/audit-events", headers=admin.headers)).status_code == 200


async def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("the trail cannot be written")


async def test_row_28_a_refused_sign_in_is_on_record(
    asgi: httpx.AsyncClient, join: Join, make_admin: Join
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    wrong = {"email": person.email, "password": PASSWORD + " not"}
    assert (await asgi.post("/v1/auth/login", json=wrong)).status_code == 401
    query = {"type": "session.login_failed", "subject_id": person.user_id}
    (event,) = (await asgi.get("/v1/audit-events", params=query, headers=admin.headers)).json()["items"]
    assert (event["address"], event["actor_id"]) == ("127.0.0.1", None)


async def test_row_28_rows_hold_pseudonyms_that_erasing_a_person_unties(
    app: Litestar, asgi: httpx.AsyncClient, join: Join, make_admin: Join
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    made = await asgi.post("/v1/teams", json={"name": "Crew"}, headers=person.headers)
    path = f"/v1/audit-events?team_id={made.json()['id']}"
    (before,) = (await asgi.get(path, headers=admin.headers)).json()["items"]
    assert before["actor_id"] == person.user_id
    database: Database = app.state.database
    async with database.transaction() as session:
        rows = await session.scalars(text("select e::text from audit_event e"))
        assert not [row for row in rows if person.user_id in row]
        due = text("update account set deleted_at = now(), erase_at = now() where id = :id")
        await session.execute(due, {"id": person.user_id})
        await erase_account(session, person.user_id)
    (after,) = (await asgi.get(path, headers=admin.headers)).json()["items"]
    assert (after["actor_id"], after["subject_id"]) == (None, None)
    assert after["id"] == before["id"]
