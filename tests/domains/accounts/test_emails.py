import httpx
import pytest
from litestar import Litestar

from fixtures.mail import Letter, Letters
from fixtures.people import Join, new_email, sign_up

pytestmark = pytest.mark.security


async def test_row_07_an_address_is_verified_by_the_mailed_token_once(
    asgi: httpx.AsyncClient, letter: Letter
) -> None:
    person = await sign_up(asgi)
    assert (await asgi.get("/v1/me", headers=person.headers)).json()["email_verified"] is False
    token = (await letter(person.email, "verify")).token
    page = await asgi.get("/v1/auth/email/verify")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert (await asgi.get("/v1/me", headers=person.headers)).json()["email_verified"] is False
    assert (await asgi.post("/v1/auth/email/verify", json={"token": token})).status_code == 204
    assert (await asgi.get("/v1/me", headers=person.headers)).json()["email_verified"] is True
    again = await asgi.post("/v1/auth/email/verify", json={"token": token})
    assert (again.status_code, again.json()["code"]) == (400, "invalid_mailed_token")


async def test_row_07_the_newest_link_supersedes_and_is_hashed_at_rest(
    asgi: httpx.AsyncClient, app: Litestar, letter: Letter
) -> None:
    person = await sign_up(asgi)
    first = (await letter(person.email, "verify")).token
    assert (await asgi.post("/v1/auth/email/resend", headers=person.headers)).status_code == 202
    second = first
    while second == first:
        second = (await letter(person.email, "verify")).token
    assert len(second) >= 43
    stored = await app.state.database.reads.fetch(
        "select row_to_json(t)::text from account_token t where account_id = $1", person.user_id
    )
    assert len(stored) == 1
    assert second not in stored[0][0]
    assert (await asgi.post("/v1/auth/email/verify", json={"token": first})).status_code == 400
    assert (await asgi.post("/v1/auth/email/verify", json={"token": second})).status_code == 204


async def test_row_07_an_expired_link_is_refused(
    asgi: httpx.AsyncClient, app: Litestar, letter: Letter
) -> None:
    person = await sign_up(asgi)
    token = (await letter(person.email, "verify")).token
    async with app.state.database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "update account_token set expires_at = now() - interval '1 second' where account_id = $1",
            (person.user_id,),
        )
    assert (await asgi.post("/v1/auth/email/verify", json={"token": token})).status_code == 400


async def test_an_address_changes_once_the_new_one_answers(
    asgi: httpx.AsyncClient, join: Join, letter: Letter
) -> None:
    person, new = await join(asgi), new_email("new")
    asked = await asgi.post("/v1/auth/email/change", json={"email": new}, headers=person.headers)
    assert asked.status_code == 202
    assert (await asgi.get("/v1/me", headers=person.headers)).json()["email"] == person.email
    token = (await letter(new, "confirm your new")).token
    assert (await asgi.post("/v1/auth/email/verify", json={"token": token})).status_code == 204
    me = (await asgi.get("/v1/me", headers=person.headers)).json()
    assert (me["email"], me["email_verified"]) == (new, True)
    await letter(person.email, "was changed")


async def test_a_change_to_anothers_address_tells_only_its_owner(
    asgi: httpx.AsyncClient, join: Join, letter: Letter, letters: Letters
) -> None:
    person, other = await join(asgi), await join(asgi)
    taken = await asgi.post("/v1/auth/email/change", json={"email": other.email}, headers=person.headers)
    free = await asgi.post("/v1/auth/email/change", json={"email": new_email()}, headers=person.headers)
    assert (taken.status_code, taken.json()) == (free.status_code, free.json())
    await letter(other.email, "entered for another account")
    assert not [one for one in await letters(other.email) if "Confirm" in one.subject]


async def test_row_22_an_address_changes_only_after_a_fresh_proof(
    asgi: httpx.AsyncClient, app: Litestar, join: Join
) -> None:
    person = await join(asgi)
    async with app.state.database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "update auth_session set authenticated_at = now() - interval '6 minutes' where user_id = $1",
            (person.user_id,),
        )
    old = (await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})).json()
    headers = {"Authorization": f"Bearer {old['access_token']}"}
    refused = await asgi.post("/v1/auth/email/change", json={"email": new_email()}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
