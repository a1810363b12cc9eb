import datetime as dt
from typing import Any

import httpx
import pytest
from litestar import Litestar

from fixtures.people import Join
from fixtures.sharing import add_member, etag_of, new_key, new_team, with_key


async def test_a_key_is_shown_once_and_then_without_its_secret(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    answer = await asgi.post(
        "/v1/api-keys", json={"name": "Robot", "scopes": ["plans:read"]}, headers=person.headers
    )
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    key = answer.json()
    assert key["key"].startswith(f"{key['prefix']}_")
    path = answer.headers["location"]
    shown = await asgi.get(path, headers=person.headers)
    listed = await asgi.get("/v1/api-keys", headers=person.headers)
    secret = key.pop("key")
    assert shown.json() == key
    assert listed.json()["items"] == [key]
    assert secret.split("_")[2] not in shown.text + listed.text


async def test_a_key_is_changed_under_its_etag(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "plans:read", "teams:read")
    path = f"/v1/api-keys/{key['id']}"
    assert (await asgi.get("/v1/teams", headers=with_key(key))).status_code == 200
    match = await etag_of(asgi, path, person)
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).isoformat()
    body = {"name": "Other", "scopes": ["plans:read"], "expires_at": soon}
    changed = await asgi.patch(path, json=body, headers=match)
    assert (changed.json()["name"], changed.json()["scopes"]) == ("Other", ["plans:read"])
    assert (await asgi.patch(path, json=body, headers=match)).status_code == 412
    assert (await asgi.patch(path, json=body, headers=person.headers)).status_code == 428


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"scopes": ["users:read"]}, "/scopes/0"),
        ({"scopes": ["plans:read", "no:such"]}, "/scopes/1"),
        ({"scopes": []}, "/scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2029-01-01T00:00:00"}, "/expires_at"),
        ({"name": ""}, "/name"),
        ({"user_id": "0190a8f0-0000-7000-8000-000000000000"}, "/user_id"),
    ],
)
async def test_what_is_no_key_is_refused(
    asgi: httpx.AsyncClient, join: Join, body: dict[str, Any], pointer: str
) -> None:
    person = await join(asgi)
    body = {"name": "Key", "scopes": ["plans:read"], **body}
    answer = await asgi.post("/v1/api-keys", json=body, headers=person.headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_teams_key_reaches_its_team_alone_and_outlives_its_maker(
    app: Litestar, asgi: httpx.AsyncClient, join: Join
) -> None:
    owner, heir = await join(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    await add_member(app, asgi, team_id, owner, heir, "owner")
    key = await new_key(asgi, owner, "teams:read", "plans:write", team_id=team_id)
    reached = (await asgi.get("/v1/teams", headers=with_key(key))).json()["items"]
    assert [(team["id"], team["role"]) for team in reached] == [(team_id, "editor")]
    assert (await asgi.get(f"/v1/teams/{owner.team_id}", headers=with_key(key))).status_code == 404
    plan = await asgi.post("/v1/plans", json={"key": "kept", "title": "Kept"}, headers=with_key(key))
    assert (plan.status_code, plan.json()["team_id"]) == (201, team_id)
    # It is a member for the database, not for people.
    members = (await asgi.get(f"/v1/teams/{team_id}/members", headers=heir.headers)).json()["items"]
    assert {member["user_id"] for member in members} == {owner.user_id, heir.user_id}

    assert (await asgi.delete(f"/v1/teams/{team_id}/membership", headers=owner.headers)).status_code == 204
    assert (await asgi.get("/v1/teams", headers=with_key(key))).status_code == 200
    path = f"/v1/api-keys/{key['id']}"
    assert (await asgi.get(path, headers=owner.headers)).status_code == 404
    assert (await asgi.get(path, headers=heir.headers)).json()["created_by"] == owner.user_id
    assert (await asgi.delete(path, headers=owner.headers)).status_code == 404
    assert (await asgi.delete(path, headers=heir.headers)).status_code == 204


async def test_only_a_teams_owner_makes_its_keys_and_never_administrative_ones(
    app: Litestar, asgi: httpx.AsyncClient, join: Join, make_admin: Join
) -> None:
    owner, editor = await make_admin(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    await add_member(app, asgi, team_id, owner, editor, "editor")
    body = {"name": "Key", "scopes": ["plans:read"], "team_id": team_id}
    refused = await asgi.post("/v1/api-keys", json=body, headers=editor.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "team_role_too_low")
    body["scopes"] = ["users:read"]
    refused = await asgi.post("/v1/api-keys", json=body, headers=owner.headers)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/scopes/0")
    key = await new_key(asgi, owner, "plans:read", team_id=team_id)
    path = f"/v1/api-keys/{key['id']}"
    assert (await asgi.get(path, headers=editor.headers)).status_code == 200
    refused = await asgi.delete(path, headers=editor.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "team_role_too_low")


async def test_its_use_is_noted_without_changing_it(
    app: Litestar, asgi: httpx.AsyncClient, join: Join
) -> None:
    person = await join(asgi)
    key = await new_key(asgi, person, "teams:read")
    path = f"/v1/api-keys/{key['id']}"
    assert (await asgi.get(path, headers=person.headers)).json()["last_used_at"] is None
    for _ in range(5):
        assert (await asgi.get("/v1/teams", headers=with_key(key))).status_code == 200
    await app.state.api_keys.close()
    used = (await asgi.get(path, headers=person.headers)).json()
    assert used["last_used_at"] is not None
    assert (used["version"], used["updated_at"]) == (key["version"], key["updated_at"])
    # A second write within the minute does not happen, whichever process saw the use.
    app.state.api_keys.forget()
    await asgi.get("/v1/teams", headers=with_key(key))
    await app.state.api_keys.close()
    assert (await asgi.get(path, headers=person.headers)).json()["last_used_at"] == used["last_used_at"]


async def test_what_is_held_is_bounded(
    app: Litestar, asgi: httpx.AsyncClient, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bedplate.domains.keys.resolver.CACHE_SIZE", 3)
    app.state.api_keys.forget()
    person = await join(asgi)
    for _ in range(5):
        key = await new_key(asgi, person, "teams:read")
        assert (await asgi.get("/v1/teams", headers=with_key(key))).status_code == 200
    assert len(app.state.api_keys._held) <= 3
