"""Row 22: what takes a fresh proof of identity, and what no administrator may."""

import datetime as dt
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from bedplate.platform.auth.access import STEP_UP_SECONDS
from bedplate.platform.auth.tokens import Tokens
from fixtures.people import Join, Person
from fixtures.sharing import etag_of, new_key, new_team

pytestmark = pytest.mark.security


def aged(app: Litestar, person: Person) -> dict[str, str]:
    """The person's session with a token that says the proof was given too long ago."""
    tokens: Tokens = app.state.tokens
    claims = tokens.verify(person.access_token).caller
    assert claims.session_id is not None
    proved = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=STEP_UP_SECONDS + 5)
    token = tokens.issue(
        user_id=UUID(person.user_id),
        session_id=claims.session_id,
        roles=sorted(claims.roles),
        scopes=sorted(claims.scopes),
        email_verified=True,
        authenticated_at=proved,
    )
    return {"Authorization": f"Bearer {token}", "If-Match": "*"}


async def test_row_22_administration_and_keys_take_a_fresh_proof(
    app: Litestar, asgi: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    key = await new_key(asgi, admin, "teams:read")
    team_id = await new_team(asgi, admin)
    role = {"name": f"r-{admin.user_id}", "permissions": ["audit:read"]}
    made = (await asgi.post("/v1/roles", json=role, headers=admin.headers)).json()
    old = aged(app, admin)
    assert (await asgi.get("/v1/users", headers=old)).status_code == 200
    user = f"/v1/users/{person.user_id}"
    refused = [
        await asgi.patch(user, json={"disabled": True}, headers=old),
        await asgi.delete(user, headers=old),
        await asgi.put(f"{user}/roles/admin", headers=old),
        await asgi.delete(f"{user}/roles/admin", headers=old),
        await asgi.post("/v1/roles", json={"name": "x", "permissions": []}, headers=old),
        await asgi.patch(f"/v1/roles/{made['id']}", json={"description": "x"}, headers=old),
        await asgi.delete(f"/v1/roles/{made['id']}", headers=old),
        await asgi.post("/v1/api-keys", json={"name": "x", "scopes": ["teams:read"]}, headers=old),
        await asgi.patch(f"/v1/api-keys/{key['id']}", json={"name": "x"}, headers=old),
        await asgi.post(f"/v1/api-keys/{key['id']}/rotation", json={}, headers=old),
        await asgi.delete(f"/v1/api-keys/{key['id']}", headers=old),
        await asgi.delete(f"/v1/teams/{team_id}", headers=old),
    ]
    assert {(a.status_code, a.json()["code"]) for a in refused} == {(403, "step_up_required")}


@pytest.mark.parametrize(
    "field", ["password", "password_hash", "email", "email_verified", "id", "kind", "personal_team_id"]
)
async def test_row_22_an_administrator_sets_neither_password_nor_address(
    asgi: httpx.AsyncClient, make_admin: Join, join: Join, field: str
) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    path = f"/v1/users/{person.user_id}"
    match = await etag_of(asgi, path, admin)
    refused = await asgi.patch(path, json={field: "a long enough phrase 77"}, headers=match)
    assert refused.status_code == 422
    assert refused.json()["errors"][0] | {"message": ""} == {
        "pointer": f"/{field}",
        "rule": "unknown_field",
        "message": "",
    }
    login = {"email": person.email, "password": person.password}
    assert (await asgi.post("/v1/auth/login", json=login)).status_code == 200
