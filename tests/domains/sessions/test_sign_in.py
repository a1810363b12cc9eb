import httpx
import pytest

from fixtures.people import PASSWORD, Join, new_email, sign_up


async def test_sign_up_then_me(client: httpx.AsyncClient) -> None:
    person = await sign_up(client)
    answer = await client.get("/v1/me", headers=person.headers)
    assert answer.status_code == 200
    assert answer.json()["email"] == person.email
    again = await client.get("/v1/me", headers={**person.headers, "If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_me_is_changed_under_its_etag(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    body = {"name": "Another name"}
    assert (await asgi.patch("/v1/me", json=body, headers=person.headers)).status_code == 428
    stale = await asgi.patch("/v1/me", json=body, headers={**person.headers, "If-Match": '"99"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    etag = (await asgi.get("/v1/me", headers=person.headers)).headers["etag"]
    changed = await asgi.patch("/v1/me", json=body, headers={**person.headers, "If-Match": etag})
    assert (changed.status_code, changed.json()["name"]) == (200, "Another name")
    assert (
        (await asgi.get("/v1/me", headers=person.headers)).headers["etag"] == changed.headers["etag"] != etag
    )


async def test_refresh_rotates(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    first = await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    assert first.status_code == 200
    assert first.json()["refresh_token"] != person.refresh_token
    twin = await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    assert twin.json()["refresh_token"] == first.json()["refresh_token"]


async def test_logout_kills_the_access_token(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    assert (await asgi.post("/v1/auth/logout", headers=person.headers)).status_code == 204
    refused = await asgi.get("/v1/me", headers=person.headers)
    for _ in range(200):
        if refused.status_code == 401:
            break
        refused = await asgi.get("/v1/me", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")


async def test_wrong_password_and_unknown_address_answer_alike(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    wrong = await asgi.post("/v1/auth/login", json={"email": person.email, "password": "not this phrase 42"})
    unknown = await asgi.post("/v1/auth/login", json={"email": new_email(), "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["code"] == unknown.json()["code"] == "invalid_credentials"


async def test_an_administrator_reads_the_audit_trail(asgi: httpx.AsyncClient, make_admin: Join) -> None:
    admin = await make_admin(asgi)
    events = await asgi.get("/v1/audit-events?limit=5&type=session.created", headers=admin.headers)
    assert events.status_code == 200
    assert events.json()["items"][0]["type"] == "session.created"
    person = await sign_up(asgi)
    refused = await asgi.get("/v1/audit-events", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_permission")


@pytest.mark.security
async def test_row_26_an_answer_with_tokens_is_not_stored(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    login = {"email": person.email, "password": person.password}
    renewal = {"refresh_token": person.refresh_token}
    for path, body in (("login", login), ("refresh", renewal)):
        answer = await asgi.post(f"/v1/auth/{path}", json=body)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
