"""Conditions where none is asked for: heeded all the same (RFC 9110 section 13.1.1)."""

import httpx

from fixtures.people import Join


async def test_a_key_is_revoked_under_a_condition_or_without(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    body = {"name": "ci", "scopes": ["plans:read"]}
    for condition, status in (('"9"', 412), ('"1"', 204)):
        path = (await asgi.post("/v1/api-keys", json=body, headers=person.headers)).headers["location"]
        refused = await asgi.delete(path, headers={**person.headers, "If-Match": condition})
        assert refused.status_code == status
    assert (await asgi.delete(path, headers=person.headers)).status_code in {204, 404}


async def test_a_deferral_is_replaced_under_a_condition(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    plan = (await asgi.post("/v1/plans", json={"key": "p", "title": "P"}, headers=person.headers)).json()[
        "id"
    ]
    made = await asgi.post(f"/v1/plans/{plan}/tasks", json={"title": "T"}, headers=person.headers)
    path = f"/v1/tasks/{made.json()['id']}/deferral"
    first = await asgi.put(path, json={"reason": "later"}, headers=person.headers)
    tag = first.headers["etag"]
    again = await asgi.put(path, json={"reason": "much later"}, headers={**person.headers, "If-Match": tag})
    assert again.status_code == 200
    assert again.headers["etag"] != tag
    stale = await asgi.put(path, json={"reason": "never"}, headers={**person.headers, "If-Match": tag})
    assert stale.status_code == 412


async def test_a_member_has_a_tag(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    team = (await asgi.post("/v1/teams", json={"name": "T"}, headers=person.headers)).json()["id"]
    me = (await asgi.get("/v1/me", headers=person.headers)).json()["id"]
    path = f"/v1/teams/{team}/members/{me}"
    read = await asgi.get(path, headers=person.headers)
    held = {**person.headers, "If-None-Match": read.headers["etag"]}
    assert (await asgi.get(path, headers=held)).status_code == 304
    stale = {**person.headers, "If-Match": '"other"'}
    assert (await asgi.patch(path, json={"role": "owner"}, headers=stale)).status_code == 412
    current = {**person.headers, "If-Match": read.headers["etag"]}
    assert (await asgi.patch(path, json={"role": "owner"}, headers=current)).status_code == 200
