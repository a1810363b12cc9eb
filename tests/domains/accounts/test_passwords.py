import httpx
import pytest

from bedplate.domains.accounts.breaches import Breaches
from bedplate.settings.auth import AuthSettings
from fixtures.mail import Letter, Letters
from fixtures.people import PASSWORD, log_in, new_email, sign_up

pytestmark = pytest.mark.security
OTHER = "quite another phrase 77"


async def test_row_08_a_reset_ends_every_session_and_notifies(
    asgi: httpx.AsyncClient, letter: Letter
) -> None:
    person = await sign_up(asgi)
    asked = await asgi.post("/v1/auth/password/forgot", json={"email": person.email})
    assert asked.status_code == 202
    token = (await letter(person.email, "reset your password")).token
    weak = await asgi.post("/v1/auth/password/reset", json={"token": token, "password": "short"})
    assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
    done = await asgi.post("/v1/auth/password/reset", json={"token": token, "password": OTHER})
    assert done.status_code == 204
    again = await asgi.post("/v1/auth/password/reset", json={"token": token, "password": PASSWORD})
    assert (again.status_code, again.json()["code"]) == (400, "invalid_mailed_token")
    refreshed = await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    assert refreshed.status_code == 401
    old = await asgi.post("/v1/auth/login", json={"email": person.email, "password": PASSWORD})
    assert old.status_code == 401
    await log_in(asgi, person.email, OTHER)
    await letter(person.email, "password was changed")


async def test_row_02_forgetting_answers_alike_for_an_unknown_address(
    asgi: httpx.AsyncClient, letters: Letters
) -> None:
    person, stranger = await sign_up(asgi), new_email()
    known = await asgi.post("/v1/auth/password/forgot", json={"email": person.email})
    unknown = await asgi.post("/v1/auth/password/forgot", json={"email": stranger})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert await letters(stranger) == []


async def test_row_02_signing_up_again_answers_alike_and_tells_the_owner(
    asgi: httpx.AsyncClient, letter: Letter
) -> None:
    person = await sign_up(asgi)
    body = {"password": OTHER, "name": "Somebody"}
    known = await asgi.post("/v1/auth/signup", json={"email": person.email.upper(), **body})
    unknown = await asgi.post("/v1/auth/signup", json={"email": new_email(), **body})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    await letter(person.email, "already have an account")
    await log_in(asgi, person.email, PASSWORD)


async def test_a_change_asks_for_the_present_password_and_ends_other_sessions(
    asgi: httpx.AsyncClient, letter: Letter
) -> None:
    person = await sign_up(asgi)
    elsewhere = await log_in(asgi, person.email)
    body = {"current_password": "not this phrase 42", "new_password": OTHER}
    wrong = await asgi.post("/v1/auth/password/change", json=body, headers=person.headers)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    body["current_password"] = PASSWORD
    assert (await asgi.post("/v1/auth/password/change", json=body, headers=person.headers)).status_code == 204
    other = await asgi.post("/v1/auth/refresh", json={"refresh_token": elsewhere.refresh_token})
    assert other.status_code == 401
    own = await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    assert own.status_code == 200
    await letter(person.email, "password was changed")


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("fourteen chars", "min_length"),
        ("password1234567890", "common"),
        ("passwordpassword", "common"),
        ("aaaaaaaaaaaaaaaaaaaa", "repetitive"),
        ("bedplate-bedplate!", "context"),
        ("x" * 257, "max_length"),
    ],
)
async def test_row_03_weak_passwords_are_refused_with_the_reason(
    asgi: httpx.AsyncClient, password: str, rule: str
) -> None:
    answer = await asgi.post("/v1/auth/signup", json={"email": new_email(), "password": password})
    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")
    assert answer.json()["errors"][0]["rule"] == rule


async def test_row_03_long_and_composed_passwords_are_one(asgi: httpx.AsyncClient) -> None:
    composed, decomposed = "caf\u00e9 " + "z9 y8 " * 11, "cafe\u0301 " + "z9 y8 " * 11
    person = await sign_up(asgi, password=composed)
    await log_in(asgi, person.email, decomposed)
    cut = await asgi.post("/v1/auth/login", json={"email": person.email, "password": composed[:-1]})
    assert cut.status_code == 401


async def test_row_03_a_breached_password_is_known_by_a_fifth_of_its_digest() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        # SHA-1 of "correct horse battery staple" is ABF7A AD6438836DBE526AA231ABDE2D0EEF74D42.
        return httpx.Response(200, text="0" * 35 + ":0\r\nAD6438836DBE526AA231ABDE2D0EEF74D42:17\r\n")

    settings = AuthSettings(breach_range_url="https://range.example/range/")
    breaches = Breaches(settings, transport=httpx.MockTransport(answer))
    assert await breaches.known("correct horse battery staple") is True
    assert str(asked[0].url) == "https://range.example/range/ABF7A"
    assert asked[0].headers["add-padding"] == "true"
    assert await breaches.known("another one entirely") is False


async def test_row_03_a_silent_breach_service_stops_nobody() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down", request=request)

    settings = AuthSettings(breach_range_url="https://range.example/range/")
    assert await Breaches(settings, transport=httpx.MockTransport(fail)).known("anything at all") is False
