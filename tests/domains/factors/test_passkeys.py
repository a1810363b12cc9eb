import httpx
import pytest

from fixtures.authenticator import Authenticator
from fixtures.people import PASSWORD, Join, Person

pytestmark = pytest.mark.security


async def enrol(asgi: httpx.AsyncClient, person: Person, key: Authenticator) -> httpx.Response:
    offer = (await asgi.post("/v1/auth/mfa/passkeys/options", headers=person.headers)).json()
    assert offer["options"]["authenticatorSelection"]["userVerification"] == "required"
    body = {"challenge": offer["challenge"], "credential": key.create(offer["options"]), "name": "Laptop"}
    return await asgi.post("/v1/auth/mfa/passkeys", json=body, headers=person.headers)


async def alone(asgi: httpx.AsyncClient, key: Authenticator) -> httpx.Response:
    offer = (await asgi.post("/v1/auth/passkeys/options")).json()
    body = {"challenge": offer["challenge"], "passkey": key.get(offer["options"])}
    return await asgi.post("/v1/auth/passkeys/login", json=body)


async def test_row_23_a_passkey_is_a_second_factor(asgi: httpx.AsyncClient, join: Join) -> None:
    person, key = await join(asgi), Authenticator()
    added = await enrol(asgi, person, key)
    assert added.status_code == 201, added.text
    assert len(added.json()["recovery_codes"]) == 10
    login = await asgi.post("/v1/auth/login", json={"email": person.email, "password": PASSWORD})
    assert (login.status_code, login.json()["methods"]) == (403, ["passkey", "recovery_code"])
    challenge = login.json()["challenge"]
    offer = (await asgi.post("/v1/auth/mfa/login/options", json={"challenge": challenge})).json()
    body = {"challenge": challenge, "passkey": key.get(offer["options"])}
    done = await asgi.post("/v1/auth/mfa/login", json=body)
    assert done.status_code == 200, done.text
    replayed = await asgi.post("/v1/auth/mfa/login", json=body)
    assert replayed.status_code == 401


async def test_row_23_a_passkey_signs_in_alone(asgi: httpx.AsyncClient, join: Join) -> None:
    person, key = await join(asgi), Authenticator()
    assert (await enrol(asgi, person, key)).status_code == 201
    done = await alone(asgi, key)
    assert done.status_code == 200, done.text
    headers = {"Authorization": f"Bearer {done.json()['access_token']}"}
    assert (await asgi.get("/v1/me", headers=headers)).json()["email"] == person.email


async def test_row_23_a_passkey_that_does_not_verify_its_user_is_refused(
    asgi: httpx.AsyncClient, join: Join
) -> None:
    person, lax, key = await join(asgi), Authenticator(verifies=False), Authenticator()
    refused = await enrol(asgi, person, lax)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_factor")
    assert (await enrol(asgi, person, key)).status_code == 201
    key.flags = 0x01
    assert (await alone(asgi, key)).status_code == 401


async def test_row_23_a_passkey_of_another_origin_or_a_clone_is_refused(
    asgi: httpx.AsyncClient, join: Join
) -> None:
    person, key = await join(asgi), Authenticator()
    assert (await enrol(asgi, person, key)).status_code == 201
    assert (await alone(asgi, key)).status_code == 200
    key.origin = "https://phisher.example"
    assert (await alone(asgi, key)).status_code == 401
    key.origin, key.count = "http://bedplate.test", -1 + 1
    assert (await alone(asgi, key)).status_code == 401
    unknown = await alone(asgi, Authenticator())
    assert (unknown.status_code, unknown.json()["code"]) == (401, "invalid_factor")


async def test_row_23_a_passkey_is_removed_with_the_last_recovery_codes(
    asgi: httpx.AsyncClient, join: Join
) -> None:
    person, key = await join(asgi), Authenticator()
    passkey = (await enrol(asgi, person, key)).json()["id"]
    assert (await asgi.delete(f"/v1/auth/mfa/passkeys/{passkey}", headers=person.headers)).status_code == 204
    shown = (await asgi.get("/v1/auth/mfa", headers=person.headers)).json()
    assert shown == {"totp": False, "recovery_codes_left": 0, "passkeys": []}
    assert (await alone(asgi, key)).status_code == 401
    gone = await asgi.delete(f"/v1/auth/mfa/passkeys/{passkey}", headers=person.headers)
    assert gone.status_code == 404


async def test_row_19_another_persons_passkey_does_not_exist(asgi: httpx.AsyncClient, join: Join) -> None:
    person, other, key = await join(asgi), await join(asgi), Authenticator()
    passkey = (await enrol(asgi, person, key)).json()["id"]
    assert (await enrol(asgi, other, Authenticator())).status_code == 201
    refused = await asgi.delete(f"/v1/auth/mfa/passkeys/{passkey}", headers=other.headers)
    assert refused.status_code == 404
    assert (await alone(asgi, key)).status_code == 200
