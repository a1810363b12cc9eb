import httpx
import pytest
from litestar import Litestar

from fixtures.mail import Letter
from fixtures.people import PASSWORD, Person, log_in, new_email, sign_up

pytestmark = pytest.mark.security


async def guess(asgi: httpx.AsyncClient, email: str, **headers: str) -> httpx.Response:
    body = {"email": email, "password": "not this phrase 42"}
    return await asgi.post("/v1/auth/login", json=body, headers=headers)


async def guess_until_refused(asgi: httpx.AsyncClient, email: str) -> int:
    for number in range(40):
        answer = await guess(asgi, email)
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) > 0
            return number
        assert answer.status_code == 401
    raise AssertionError("never refused")


async def test_row_05_failures_back_off_alike_for_known_and_unknown(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    known = await guess_until_refused(asgi, person.email)
    assert known <= 30
    assert known == await guess_until_refused(asgi, new_email())


async def test_row_05_the_owner_on_a_known_device_still_signs_in(asgi: httpx.AsyncClient) -> None:
    email = new_email()
    await asgi.post("/v1/auth/signup", json={"email": email, "password": PASSWORD})
    first = await asgi.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
    device = first.cookies["__Host-bedplate-device"]
    asgi.cookies.clear()
    await guess_until_refused(asgi, email)
    right = {"email": email, "password": PASSWORD}
    elsewhere = await asgi.post("/v1/auth/login", json=right)
    assert elsewhere.status_code == 429
    at_home = await asgi.post("/v1/auth/login", json=right, headers=with_device(device))
    assert at_home.status_code == 200
    other = await sign_up(asgi)
    asgi.cookies.clear()
    await guess_until_refused(asgi, other.email)
    stolen = {"email": other.email, "password": PASSWORD}
    assert (await asgi.post("/v1/auth/login", json=stolen, headers=with_device(device))).status_code == 429


async def test_row_05_too_many_failures_in_a_row_disable_the_password_alone(
    asgi: httpx.AsyncClient, app: Litestar, letter: Letter
) -> None:
    person = await sign_up(asgi)
    await set_failures(app, person, 99)
    assert (await guess(asgi, person.email)).status_code == 401
    right = await asgi.post("/v1/auth/login", json={"email": person.email, "password": PASSWORD})
    assert (right.status_code, right.json()["code"]) == (401, "invalid_credentials")
    await letter(person.email, "switched off")
    assert (await asgi.get("/v1/me", headers=person.headers)).status_code == 200
    await asgi.post("/v1/auth/password/forgot", json={"email": person.email})
    token = (await letter(person.email, "reset your password")).token
    fresh = "quite another phrase 77"
    await asgi.post("/v1/auth/password/reset", json={"token": token, "password": fresh})
    await log_in(asgi, person.email, fresh)


async def test_row_05_a_right_password_ends_the_row_of_failures(
    asgi: httpx.AsyncClient, app: Litestar
) -> None:
    person = await sign_up(asgi)
    await set_failures(app, person, 98)
    assert (await guess(asgi, person.email)).status_code == 401
    await log_in(asgi, person.email)
    for _ in range(3):
        assert (await guess(asgi, person.email)).status_code == 401
    await log_in(asgi, person.email)


def with_device(token: str) -> dict[str, str]:
    return {"Cookie": f"__Host-bedplate-device={token}"}


async def set_failures(app: Litestar, person: Person, count: int) -> None:
    async with app.state.database.transaction() as session:
        await (await session.connection()).exec_driver_sql(
            "update account set password_failures = $1 where id = $2", (count, person.user_id)
        )


async def test_row_06_where_no_proxy_is_configured_no_hop_is_believed(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    body = {"email": person.email, "password": person.password}
    forged = {"X-Forwarded-For": "203.0.113.77", "Forwarded": "for=203.0.113.77"}
    assert (await asgi.post("/v1/auth/login", json=body, headers=forged)).status_code == 200
    listed = (await asgi.get("/v1/auth/sessions", headers=person.headers)).json()["items"]
    assert {one["address"] for one in listed} == {"127.0.0.1"}
