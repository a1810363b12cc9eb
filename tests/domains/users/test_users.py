import httpx
import pytest

from fixtures.people import Join, new_email
from fixtures.sharing import etag_of, refused_in_time


async def test_accounts_are_found_by_what_is_known_of_them(
    asgi: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    newcomer = await join(asgi, new_email("newcomer"), verified=False)

    async def found(**query: str) -> set[str]:
        answer = await asgi.get("/v1/users", params={"limit": "200", **query}, headers=admin.headers)
        assert answer.status_code == 200, answer.text
        return {user["id"] for user in answer.json()["items"]}

    assert await found(email=person.email.upper()) == {person.user_id}
    assert await found(q=newcomer.email[:16].upper()) == {newcomer.user_id}
    assert admin.user_id in await found(role="admin")
    assert person.user_id not in await found(role="admin")
    assert newcomer.user_id in await found(email_verified="false")
    assert person.user_id not in await found(disabled="true")
    assert await found(email="%") == set()


async def test_an_account_is_shown_and_renamed_under_its_etag(
    asgi: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    path = f"/v1/users/{person.user_id}"
    shown = (await asgi.get(path, headers=admin.headers)).json()
    assert (shown["email"], shown["roles"], shown["disabled"]) == (person.email, [], False)
    assert (await asgi.patch(path, json={"name": "N"}, headers=admin.headers)).status_code == 428
    match = await etag_of(asgi, path, admin)
    assert (await asgi.patch(path, json={"name": "N"}, headers=match)).json()["name"] == "N"
    given = await asgi.put(f"{path}/roles/admin", headers=admin.headers)
    assert given.status_code == 204
    match = {**admin.headers, "If-Match": '"2"'}
    assert (await asgi.patch(path, json={"name": "O"}, headers=match)).status_code == 412
    unknown = await asgi.put(f"{path}/roles/nobodys", headers=admin.headers)
    assert (unknown.status_code, unknown.json()["errors"][0]["rule"]) == (422, "enum")


@pytest.mark.security
async def test_row_10_a_disabled_account_is_out_of_every_process_and_stays_out(
    asgi: httpx.AsyncClient, client: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    assert (await client.get("/v1/me", headers=person.headers)).status_code == 200
    path = f"/v1/users/{person.user_id}"
    disabled = await asgi.patch(path, json={"disabled": True}, headers=await etag_of(asgi, path, admin))
    assert disabled.json()["disabled"] is True
    for process in (asgi, client):
        await refused_in_time(lambda process=process: process.get("/v1/me", headers=person.headers))
    login = {"email": person.email, "password": person.password}
    assert (await asgi.post("/v1/auth/login", json=login)).status_code == 401

    enabled = await asgi.patch(path, json={"disabled": False}, headers=await etag_of(asgi, path, admin))
    assert enabled.json()["disabled"] is False
    # The sessions from before do not come back.
    refresh = {"refresh_token": person.refresh_token}
    assert (await asgi.post("/v1/auth/refresh", json=refresh)).status_code == 401
    assert (await asgi.post("/v1/auth/login", json=login)).status_code == 200


async def test_a_deleted_account_is_gone(asgi: httpx.AsyncClient, make_admin: Join, join: Join) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    path = f"/v1/users/{person.user_id}"
    assert (await asgi.delete(path, headers=admin.headers)).status_code == 204
    assert (await asgi.get(path, headers=admin.headers)).status_code == 404
    assert (await asgi.delete(path, headers=admin.headers)).status_code == 404
    await refused_in_time(lambda: asgi.get("/v1/me", headers=person.headers))
