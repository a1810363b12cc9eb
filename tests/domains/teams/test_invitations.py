import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from fixtures.mail import Letter
from fixtures.people import Join, new_email
from fixtures.sharing import invite, new_team


async def test_an_invitation_is_listed_without_its_token_and_accepted_once(
    app: Litestar, asgi: httpx.AsyncClient, join: Join
) -> None:
    owner, guest = await join(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    token = await invite(app, asgi, team_id, owner, guest.email, "editor")
    open_ones = await asgi.get(f"/v1/teams/{team_id}/invitations", headers=owner.headers)
    assert [item["email"] for item in open_ones.json()["items"]] == [guest.email]
    assert token not in open_ones.text

    joined = await asgi.post("/v1/invitations/accept", json={"token": token}, headers=guest.headers)
    assert joined.json() == {"team_id": team_id, "role": "editor"}
    again = await asgi.post("/v1/invitations/accept", json={"token": token}, headers=guest.headers)
    assert (again.status_code, again.json()["code"]) == (400, "invalid_invitation")
    assert not (await asgi.get(f"/v1/teams/{team_id}/invitations", headers=owner.headers)).json()["items"]
    twice = await asgi.post(
        f"/v1/teams/{team_id}/invitations", json={"email": guest.email.upper()}, headers=owner.headers
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "already_member")


@pytest.mark.security
async def test_row_07_an_invitation_is_for_its_address_alone_and_hashed_at_rest(
    app: Litestar, asgi: httpx.AsyncClient, join: Join
) -> None:
    owner, thief, guest = await join(asgi), await join(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    token = await invite(app, asgi, team_id, owner, guest.email, "owner")
    stolen = await asgi.post("/v1/invitations/accept", json={"token": token}, headers=thief.headers)
    assert (stolen.status_code, stolen.json()["code"]) == (403, "invitation_for_another")
    async with app.state.database.transaction() as session:
        row = (
            await session.execute(
                text("select i::text from team_invitation i where email = :e"), {"e": guest.email}
            )
        ).scalar_one()
    for shown in (token, token.encode().hex()):
        assert shown not in row
    assert len(token) * 6 >= 128
    # The thief's attempt did not use it up.
    joined = await asgi.post("/v1/invitations/accept", json={"token": token}, headers=guest.headers)
    assert joined.status_code == 200


async def test_the_newest_supersedes_and_a_withdrawn_one_is_dead(
    app: Litestar, asgi: httpx.AsyncClient, join: Join
) -> None:
    owner, guest = await join(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    first = await invite(app, asgi, team_id, owner, guest.email, "viewer")
    second = await invite(app, asgi, team_id, owner, guest.email, "viewer")
    path = f"/v1/teams/{team_id}/invitations"
    (shown,) = (await asgi.get(path, headers=owner.headers)).json()["items"]
    assert (await asgi.delete(f"{path}/{shown['id']}", headers=owner.headers)).status_code == 204
    assert (await asgi.delete(f"{path}/{shown['id']}", headers=owner.headers)).status_code == 404
    for token in (first, second):
        answer = await asgi.post("/v1/invitations/accept", json={"token": token}, headers=guest.headers)
        assert answer.status_code == 400


async def test_an_expired_one_is_dead(app: Litestar, asgi: httpx.AsyncClient, join: Join) -> None:
    owner, guest = await join(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    token = await invite(app, asgi, team_id, owner, guest.email, "viewer")
    async with app.state.database.transaction() as session:
        late = text("update team_invitation set expires_at = now() where email = :email")
        await session.execute(late, {"email": guest.email})
    answer = await asgi.post("/v1/invitations/accept", json={"token": token}, headers=guest.headers)
    assert answer.json()["code"] == "invalid_invitation"


async def test_declining_needs_no_account_and_only_a_post(
    app: Litestar, asgi: httpx.AsyncClient, join: Join
) -> None:
    owner = await join(asgi)
    team_id = await new_team(asgi, owner)
    token = await invite(app, asgi, team_id, owner, new_email(), "viewer")
    for path in ("/v1/invitations/accept", "/v1/invitations/decline"):
        assert (await asgi.get(path)).status_code == 405
    assert (await asgi.post("/v1/invitations/decline", json={"token": token})).status_code == 204
    assert (await asgi.post("/v1/invitations/decline", json={"token": token})).status_code == 400


@pytest.mark.parametrize("email", ["nobody", "a@b.invalid", ""])
async def test_what_is_no_address_is_refused(asgi: httpx.AsyncClient, join: Join, email: str) -> None:
    owner = await join(asgi)
    path = f"/v1/teams/{await new_team(asgi, owner)}/invitations"
    answer = await asgi.post(path, json={"email": email}, headers=owner.headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/email"


async def test_the_letter_names_the_team_and_who_asks(
    app: Litestar, asgi: httpx.AsyncClient, join: Join, letter: Letter
) -> None:
    owner, email = await join(asgi), new_email()
    team_id = await new_team(asgi, owner, "Crew of the bed")
    token = await invite(app, asgi, team_id, owner, email, "viewer")
    received = await letter(email, "join a team")
    assert received.token == token
    assert "Person asks you to join the team Crew of the bed." in received.text
