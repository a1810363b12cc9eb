"""Row 18: API keys."""

import asyncio
import datetime as dt
import zlib
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from bedplate.domains.keys import ApiKeys
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Database
from fixtures.people import Join
from fixtures.sharing import SECONDS, etag_of, new_key, new_team, refused_in_time, with_key

pytestmark = pytest.mark.security


async def test_row_18_a_dump_of_the_database_does_not_hold_the_secret(
    app: Litestar, asgi: httpx.AsyncClient, join: Join
) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "plans:read")
    prefix, key_id, secret, checksum = key["key"].split("_")
    assert (prefix, key_id) == ("bp", key["id"].replace("-", ""))
    assert len(secret) >= 43  # letters and digits: 256 bits
    assert checksum == f"{zlib.crc32(f'{prefix}_{key_id}_{secret}'.encode()):08x}"
    database: Database = app.state.database
    async with database.transaction() as session:
        row = await session.scalar(text("select k::text from api_key k where id = :id"), {"id": key["id"]})
        jobs = await session.scalar(
            text("select count(*) from job where payload::text like :s"), {"s": f"%{secret}%"}
        )
        events = await session.scalar(
            text("select count(*) from audit_event where data::text like :s"), {"s": f"%{secret}%"}
        )
    for shown in (secret, secret.encode().hex()):
        assert shown not in row
    assert (jobs, events) == (0, 0)


async def test_row_18_the_digest_is_keyed(app: Litestar, asgi: httpx.AsyncClient, join: Join) -> None:
    # Whoever can only write into the table cannot make a key that works.
    import hashlib

    person = await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    head = f"{key['prefix']}_{'A' * 43}"
    forged = f"{head}_{zlib.crc32(head.encode()):08x}"
    for make in (hashlib.sha256, lambda value: hashlib.blake2b(value, digest_size=32)):
        async with app.state.database.transaction() as session:
            await session.execute(
                text("update api_key set digest = :d where id = :id"),
                {"d": make(forged.encode()).digest(), "id": key["id"]},
            )
        answer = await asgi.get("/v1/teams", headers={"Authorization": f"Bearer {forged}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_api_key")


async def test_row_18_it_does_what_its_scopes_say_and_nothing_of_ones_own(
    asgi: httpx.AsyncClient, join: Join
) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    headers = with_key(key)
    assert (await asgi.get("/v1/teams", headers=headers)).status_code == 200
    assert (await asgi.get("/v1/me", headers=headers)).json()["id"] == person.user_id
    lacking = await asgi.get("/v1/plans", headers=headers)
    assert (lacking.status_code, lacking.json()["code"]) == (403, "missing_permission")
    refused = [
        await asgi.patch("/v1/me", json={"name": "X"}, headers={**headers, "If-Match": "*"}),
        await asgi.get("/v1/auth/sessions", headers=headers),
        await asgi.delete("/v1/auth/sessions", headers=headers),
        await asgi.post("/v1/auth/logout", headers=headers),
        await asgi.post("/v1/api-keys", json={"name": "x", "scopes": ["teams:read"]}, headers=headers),
        await asgi.delete(f"/v1/api-keys/{key['id']}", headers=headers),
    ]
    assert {(a.status_code, a.json()["code"]) for a in refused} == {(403, "session_required")}


async def test_row_18_its_scopes_never_exceed_its_owners(
    asgi: httpx.AsyncClient, client: httpx.AsyncClient, make_admin: Join
) -> None:
    boss, admin = await make_admin(asgi), await make_admin(asgi)
    key = await new_key(asgi, admin, "users:read", "teams:read")
    for process in (asgi, client):
        assert (await process.get("/v1/users", headers=with_key(key))).status_code == 200
    taken = await asgi.delete(f"/v1/users/{admin.user_id}/roles/admin", headers=boss.headers)
    assert taken.status_code == 204
    for process in (asgi, client):
        await refused_in_time(lambda process=process: process.get("/v1/users", headers=with_key(key)), 403)
        assert (await process.get("/v1/teams", headers=with_key(key))).status_code == 200


async def test_row_18_a_revoked_one_is_dead_in_every_process_within_a_second(
    asgi: httpx.AsyncClient, client: httpx.AsyncClient, join: Join
) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    for process in (asgi, client):
        for _ in range(2):
            assert (await process.get("/v1/teams", headers=with_key(key))).status_code == 200
    path = f"/v1/api-keys/{key['id']}"
    assert (await asgi.delete(path, headers=person.headers)).status_code == 204
    for process in (asgi, client):
        answer = await refused_in_time(
            lambda process=process: process.get("/v1/teams", headers=with_key(key))
        )
        assert answer.json()["code"] == "invalid_api_key"
    assert (await asgi.get(path, headers=person.headers)).json()["revoked_at"] is not None
    assert (await asgi.delete(path, headers=person.headers)).status_code == 404


async def test_row_18_a_revoked_one_is_dead_at_once_while_the_push_is_silent(
    app: Litestar, asgi: httpx.AsyncClient, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    assert (await asgi.get("/v1/teams", headers=with_key(key))).status_code == 200
    # As when the listening connection hangs: nothing arrives, and it does not answer its heartbeat.
    monkeypatch.setattr(type(app.state.api_keys.listener), "alive", property(lambda _: False))

    async def lost(_: str) -> None: ...

    monkeypatch.setattr(app.state.api_keys, "on_message", lost)
    await asgi.delete(f"/v1/api-keys/{key['id']}", headers=person.headers)
    assert (await asgi.get("/v1/teams", headers=with_key(key))).status_code == 401


async def test_row_18_what_is_read_while_a_revocation_arrives_is_not_held(
    app: Litestar, asgi: httpx.AsyncClient, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    keys: ApiKeys = app.state.api_keys
    finish, told = keys._caller, keys._changes

    async def revoked_meanwhile(*read: Any) -> Caller:
        await asgi.delete(f"/v1/api-keys/{key['id']}", headers=person.headers)
        async with asyncio.timeout(SECONDS):
            while keys._changes == told:
                await asyncio.sleep(0)
        return await finish(*read)

    with monkeypatch.context() as patched:
        patched.setattr(keys, "_caller", revoked_meanwhile)
        assert (await asgi.get("/v1/teams", headers=with_key(key))).status_code == 200
    assert (await asgi.get("/v1/teams", headers=with_key(key))).status_code == 401


async def test_row_18_it_dies_with_its_owner(
    asgi: httpx.AsyncClient, client: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    admin, person, leaver, owner = [await make_admin(asgi)] + [await join(asgi) for _ in range(3)]
    personal, own = await new_key(asgi, person, "teams:read"), await new_key(asgi, leaver, "teams:read")
    team_id = await new_team(asgi, owner)
    teams = await new_key(asgi, owner, "teams:read", team_id=team_id)
    for key in (personal, own, teams):
        assert (await client.get("/v1/teams", headers=with_key(key))).status_code == 200
    path = f"/v1/users/{person.user_id}"
    match = await etag_of(asgi, path, admin)
    assert (await asgi.patch(path, json={"disabled": True}, headers=match)).status_code == 200
    assert (await asgi.delete(f"/v1/users/{leaver.user_id}", headers=admin.headers)).status_code == 204
    assert (await asgi.delete(f"/v1/teams/{team_id}", headers=owner.headers)).status_code == 204
    for key in (personal, own, teams):
        await refused_in_time(lambda key=key: client.get("/v1/teams", headers=with_key(key)))


async def test_row_18_it_ends_when_it_says(app: Litestar, asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    latest = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=app.state.settings.auth.api_key_ttl)
    assert dt.datetime.fromisoformat(key["expires_at"]) <= latest
    late = text("update api_key set expires_at = now() where id = :id")
    async with app.state.database.transaction() as session:
        await session.execute(late, {"id": key["id"]})
    assert (await asgi.get("/v1/teams", headers=with_key(key))).status_code == 401
    # One that is held ends by the clock, without a message.
    end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=0.5)
    short = await new_key(asgi, person, "teams:read", expires_at=end.isoformat())
    assert (await asgi.get("/v1/teams", headers=with_key(short))).status_code == 200
    await refused_in_time(lambda: asgi.get("/v1/teams", headers=with_key(short)))
    assert dt.datetime.now(dt.UTC) >= end


async def test_row_18_a_rotation_ends_the_former_secret_at_once_or_after_its_overlap(
    asgi: httpx.AsyncClient, client: httpx.AsyncClient, join: Join
) -> None:
    person = await join(asgi)
    first = await new_key(asgi, person, "teams:read")
    path = f"/v1/api-keys/{first['id']}/rotation"
    assert (await client.get("/v1/teams", headers=with_key(first))).status_code == 200
    second = (await asgi.post(path, json={"overlap": 60}, headers=person.headers)).json()
    assert (second["id"], second["version"]) == (first["id"], first["version"] + 1)
    for key in (first, second):
        assert (await client.get("/v1/teams", headers=with_key(key))).status_code == 200
    third = (await asgi.post(path, json={}, headers=person.headers)).json()
    for key in (first, second):
        await refused_in_time(lambda key=key: client.get("/v1/teams", headers=with_key(key)))
    assert (await client.get("/v1/teams", headers=with_key(third))).status_code == 200


async def test_row_18_it_is_refused_in_a_query_string(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    for name in ("api_key", "access_token", "key", "token", "authorization"):
        answer = await asgi.get("/v1/teams", params={name: key["key"]})
        assert answer.status_code in {401, 422}
        assert key["key"] not in answer.text
    for name, value in (("X-API-Key", key["key"]), ("Authorization", f"Basic {key['key']}")):
        assert (await asgi.get("/v1/teams", headers={name: value})).status_code == 401


async def test_row_18_a_mangled_one_is_refused_alike(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    key = (await new_key(asgi, person, "teams:read"))["key"]
    prefix, key_id, secret, _ = key.split("_")
    head = f"{prefix}_{key_id}_{secret[::-1]}"
    elsewhere = f"{prefix}_{'0' * 32}_{secret}"
    mangled = [
        key[:-1],
        key + "0",
        key.upper(),
        "bp_",
        "bp___",
        f"bp_x_{secret}_00000000",
        f"{head}_{zlib.crc32(head.encode()):08x}",
        f"{elsewhere}_{zlib.crc32(elsewhere.encode()):08x}",
        f"{key}_{'x' * 5000}",
        key.replace("_", "-"),
    ]
    for text_ in mangled:
        answer = await asgi.get("/v1/teams", headers={"Authorization": f"Bearer {text_}"})
        assert answer.status_code == 401, text_
        assert answer.headers["www-authenticate"].startswith("Bearer")
