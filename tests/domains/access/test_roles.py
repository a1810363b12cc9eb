import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from bedplate.domains.access import Assignments, change_grants
from bedplate.domains.audit import Actor
from bedplate.platform.db import Transaction
from fixtures.people import Join, Person
from fixtures.sharing import etag_of, refused_in_time


async def make_role(client: httpx.AsyncClient, admin: Person, name: str, *permissions: str) -> dict[str, Any]:
    body = {"name": name, "permissions": list(permissions), "description": "For a test"}
    answer = await client.post("/v1/roles", json=body, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_role_is_made_read_changed_and_deleted(asgi: httpx.AsyncClient, make_admin: Join) -> None:
    admin = await make_admin(asgi)
    role = await make_role(asgi, admin, "auditor", "audit:read")
    path = f"/v1/roles/{role['id']}"
    assert (await asgi.get(path, headers=admin.headers)).json() == role
    again = await asgi.post("/v1/roles", json={"name": "auditor", "permissions": []}, headers=admin.headers)
    assert (again.status_code, again.json()["code"]) == (409, "role_exists")

    match = await etag_of(asgi, path, admin)
    changed = await asgi.patch(path, json={"permissions": ["audit:read", "users:read"]}, headers=match)
    assert changed.json()["permissions"] == ["audit:read", "users:read"]
    assert changed.headers["etag"] != match["If-Match"]
    assert (await asgi.patch(path, json={"name": "x"}, headers=match)).status_code == 412
    assert (await asgi.delete(path, headers=admin.headers)).status_code == 204
    assert (await asgi.get(path, headers=admin.headers)).status_code == 404


async def test_system_roles_stay_as_the_code_says(asgi: httpx.AsyncClient, make_admin: Join) -> None:
    admin = await make_admin(asgi)
    listed = (await asgi.get("/v1/roles?system=true", headers=admin.headers)).json()["items"]
    assert [role["name"] for role in listed] == ["admin", "member"]
    assert "audit:read" in listed[0]["permissions"]
    assert not [p for p in listed[1]["permissions"] if p.startswith(("users:", "roles:", "audit:"))]
    for role in listed:
        path = f"/v1/roles/{role['id']}"
        headers = await etag_of(asgi, path, admin)
        refused = [
            await asgi.patch(path, json={"permissions": []}, headers=headers),
            await asgi.delete(path, headers=headers),
        ]
        assert {(a.status_code, a.json()["code"]) for a in refused} == {(403, "system_role")}


async def test_permissions_have_meanings_and_pages(asgi: httpx.AsyncClient, make_admin: Join) -> None:
    admin = await make_admin(asgi)
    everything = (await asgi.get("/v1/permissions?limit=200", headers=admin.headers)).json()
    assert everything["next_cursor"] is None
    assert all(item["meaning"] for item in everything["items"])
    first = (await asgi.get("/v1/permissions?limit=3", headers=admin.headers)).json()
    params = {"limit": "200", "cursor": first["next_cursor"]}
    rest = (await asgi.get("/v1/permissions", params=params, headers=admin.headers)).json()
    assert first["items"] + rest["items"] == everything["items"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "Big Name", "permissions": []}, "/name"),
        ({"name": "x", "permissions": ["no:such"]}, "/permissions/0"),
        ({"name": "x", "permissions": [], "system": True}, "/system"),
        ({"name": "x"}, "/permissions"),
    ],
)
async def test_what_is_no_role_is_refused(
    asgi: httpx.AsyncClient, make_admin: Join, body: dict[str, Any], pointer: str
) -> None:
    admin = await make_admin(asgi)
    answer = await asgi.post("/v1/roles", json=body, headers=admin.headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.security
async def test_row_10_a_change_of_a_role_reaches_running_sessions_in_every_process(
    asgi: httpx.AsyncClient, client: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    role = await make_role(asgi, admin, f"reader-{person.user_id}", "users:read", "audit:read")
    given = await asgi.put(f"/v1/users/{person.user_id}/roles/{role['name']}", headers=admin.headers)
    assert given.status_code == 204

    # The token from before the role is over; the refreshed one has it.
    await refused_in_time(lambda: client.get("/v1/me", headers=person.headers))
    renewed = await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    bearer = {"Authorization": f"Bearer {renewed.json()['access_token']}"}
    assert (await client.get("/v1/users", headers=bearer)).status_code == 200

    path = f"/v1/roles/{role['id']}"
    match = await etag_of(asgi, path, admin)
    body = {"permissions": ["audit:read"]}
    assert (await asgi.patch(path, json=body, headers=match)).status_code == 200
    for process in (asgi, client):
        await refused_in_time(lambda process=process: process.get("/v1/users", headers=bearer))
    renewed = await asgi.post("/v1/auth/refresh", json={"refresh_token": renewed.json()["refresh_token"]})
    bearer = {"Authorization": f"Bearer {renewed.json()['access_token']}"}
    assert (await client.get("/v1/users", headers=bearer)).status_code == 403
    assert (await client.get("/v1/audit-events", headers=bearer)).status_code == 200


@pytest.mark.security
async def test_row_19_nobody_gives_more_than_he_may_himself(
    asgi: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    # There is another: the last one is refused for that alone.
    await make_admin(asgi)
    admin, person = await make_admin(asgi), await join(asgi)
    name = f"clerk-{person.user_id}"
    role = await make_role(asgi, admin, name, "users:read", "users:write", "roles:read", "roles:write")
    await asgi.put(f"/v1/users/{person.user_id}/roles/{name}", headers=admin.headers)
    renewed = await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    clerk = {"Authorization": f"Bearer {renewed.json()['access_token']}", "If-Match": "*"}
    himself = f"/v1/users/{person.user_id}"
    refused = [
        await asgi.put(f"{himself}/roles/admin", headers=clerk),
        await asgi.patch(himself, json={"roles": ["admin"]}, headers=clerk),
        await asgi.patch(f"/v1/roles/{role['id']}", json={"permissions": ["audit:read"]}, headers=clerk),
        await asgi.post("/v1/roles", json={"name": "x", "permissions": ["audit:read"]}, headers=clerk),
        await asgi.patch(f"/v1/users/{admin.user_id}", json={"disabled": True}, headers=clerk),
        await asgi.delete(f"/v1/users/{admin.user_id}", headers=clerk),
        await asgi.delete(f"/v1/users/{admin.user_id}/roles/admin", headers=clerk),
    ]
    assert {(a.status_code, a.json()["code"]) for a in refused} == {(403, "beyond_own_permissions")}


@pytest.mark.security
async def test_row_19_who_may_change_people_gives_no_roles(
    asgi: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    admin, person, other = await make_admin(asgi), await join(asgi), await join(asgi)
    name = f"clerk-{person.user_id}"
    await make_role(asgi, admin, name, "users:read", "users:write")
    await asgi.put(f"/v1/users/{person.user_id}/roles/{name}", headers=admin.headers)
    renewed = await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    clerk = {"Authorization": f"Bearer {renewed.json()['access_token']}", "If-Match": "*"}
    path = f"/v1/users/{other.user_id}"
    refused = await asgi.patch(path, json={"roles": [name]}, headers=clerk)
    assert (refused.status_code, refused.json().get("code")) == (403, "missing_permission")
    assert (await asgi.patch(path, json={"name": "Other"}, headers=clerk)).status_code == 200


@pytest.mark.security
async def test_row_19_a_role_beyond_ones_own_is_not_cut_and_not_deleted(
    asgi: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    writer = f"writer-{person.user_id}"
    await make_role(asgi, admin, writer, "roles:read", "roles:write")
    await asgi.put(f"/v1/users/{person.user_id}/roles/{writer}", headers=admin.headers)
    renewed = await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    headers = {"Authorization": f"Bearer {renewed.json()['access_token']}", "If-Match": "*"}
    role = await make_role(asgi, admin, f"beyond-{person.user_id}", "audit:read")
    path = f"/v1/roles/{role['id']}"
    for refused in (
        await asgi.patch(path, json={"permissions": []}, headers=headers),
        await asgi.delete(path, headers=headers),
    ):
        assert refused.status_code == 403
        assert refused.json()["code"] == "beyond_own_permissions"
    assert (await asgi.get(path, headers=admin.headers)).json() == role


@pytest.mark.security
async def test_row_10_no_token_tells_what_was_true_before_a_change(
    app: Litestar, asgi: httpx.AsyncClient, make_admin: Join
) -> None:
    await make_admin(asgi)
    admin = await make_admin(asgi)
    refresh = {"refresh_token": admin.refresh_token}
    async with app.state.database.transaction() as session:
        # While a change is under way, who would be told by the state before it waits for its end.
        await change_grants(session)
        renewing = asyncio.create_task(asgi.post("/v1/auth/refresh", json=refresh))
        await until_somebody_waits(session)
        own = app.state.permissions
        await Assignments(session).take(UUID(admin.user_id), "admin", own, Actor())
    bearer = {"Authorization": f"Bearer {(await renewing).json()['access_token']}"}
    assert (await asgi.get("/v1/teams", headers=bearer)).status_code == 200
    assert (await asgi.get("/v1/users", headers=bearer)).status_code == 403


async def until_somebody_waits(session: Transaction) -> None:
    waiting = text("select count(*) from pg_locks where locktype = 'advisory' and not granted")
    async with asyncio.timeout(60):
        while not await session.scalar(waiting):
            await asyncio.sleep(0)
