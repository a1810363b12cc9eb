import asyncio
import time

import httpx
import pyotp
import pytest
from litestar import Litestar

from fixtures.mail import Letter
from fixtures.people import PASSWORD, Join, Person

pytestmark = pytest.mark.security


class App:
    """Somebody's authenticator app and what came with it."""

    def __init__(self, seed: str, recovery_codes: list[str]) -> None:
        self.totp = pyotp.TOTP(seed)
        self.recovery_codes = recovery_codes

    def code(self, steps: int = 0) -> str:
        return self.totp.at(int(time.time()) + 30 * steps)

    def wrong(self) -> str:
        right = {self.code(steps) for steps in (-2, -1, 0, 1, 2)}
        return next(text for text in (f"{n:06}" for n in range(10)) if text not in right)


async def enrol(asgi: httpx.AsyncClient, person: Person) -> App:
    offer = await asgi.post("/v1/auth/mfa/totp", headers=person.headers)
    assert offer.status_code == 201, offer.text
    app = App(offer.json()["secret"], [])
    confirmed = await confirm(asgi, person, app)
    if confirmed.status_code == 401:  # a step ended on the way, and its former code is two old
        confirmed = await confirm(asgi, person, app)
    assert confirmed.status_code == 200, confirmed.text
    return App(offer.json()["secret"], confirmed.json()["recovery_codes"])


async def confirm(asgi: httpx.AsyncClient, person: Person, app: App) -> httpx.Response:
    body = {"code": app.code(-1)}
    return await asgi.post("/v1/auth/mfa/totp/confirm", json=body, headers=person.headers)


async def first_step(asgi: httpx.AsyncClient, person: Person) -> str:
    answer = await asgi.post("/v1/auth/login", json={"email": person.email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "mfa_required"), answer.text
    assert "access_token" not in answer.text
    return answer.json()["challenge"]


async def second_step(asgi: httpx.AsyncClient, challenge: str, **proof: object) -> httpx.Response:
    return await asgi.post("/v1/auth/mfa/login", json={"challenge": challenge, **proof})


async def test_row_23_a_code_works_once(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    app = await enrol(asgi, person)
    code, challenge = app.code(), await first_step(asgi, person)
    assert (await second_step(asgi, challenge, code=code)).status_code == 200
    replayed = await second_step(asgi, await first_step(asgi, person), code=code)
    assert (replayed.status_code, replayed.json()["code"]) == (401, "invalid_factor")
    spent = await second_step(asgi, challenge, code=app.code(1))
    assert (spent.status_code, spent.json()["code"]) == (401, "invalid_challenge")


async def test_row_23_one_code_at_once_signs_in_once(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    app = await enrol(asgi, person)
    challenges = [await first_step(asgi, person) for _ in range(3)]
    code = app.code()
    answers = await asyncio.gather(*(second_step(asgi, one, code=code) for one in challenges))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 429}


async def test_row_23_recovery_codes_work_once(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    app = await enrol(asgi, person)
    assert len(set(app.recovery_codes)) == 10
    code = app.recovery_codes[0]
    assert (await second_step(asgi, await first_step(asgi, person), recovery_code=code)).status_code == 200
    again = await second_step(asgi, await first_step(asgi, person), recovery_code=code)
    assert again.status_code == 401
    shown = (await asgi.get("/v1/auth/mfa", headers=person.headers)).json()
    assert (shown["totp"], shown["recovery_codes_left"]) == (True, 9)


async def test_row_23_attempts_are_capped_and_the_cap_outlives_the_refusals(
    asgi: httpx.AsyncClient, join: Join
) -> None:
    person = await join(asgi)
    app = await enrol(asgi, person)
    statuses: list[int] = []
    for _ in range(7):
        answer = await second_step(asgi, await first_step(asgi, person), code=app.wrong())
        statuses.append(answer.status_code)
    assert statuses == [401] * 5 + [429] * 2
    assert int(answer.headers["retry-after"]) > 0
    right = await second_step(asgi, await first_step(asgi, person), code=app.code())
    assert (right.status_code, right.json()["code"]) == (429, "too_many_attempts")


async def test_row_23_guesses_at_once_are_all_counted(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    app = await enrol(asgi, person)
    challenges = [await first_step(asgi, person) for _ in range(12)]
    wrong = app.wrong()
    answers = await asyncio.gather(*(second_step(asgi, one, code=wrong) for one in challenges))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7


async def test_row_23_the_seed_is_sealed_at_rest(asgi: httpx.AsyncClient, app: Litestar, join: Join) -> None:
    person = await join(asgi)
    seed = (await enrol(asgi, person)).totp.secret
    rows = await app.state.database.reads.fetch(
        "select row_to_json(t)::text, sealed_seed from factor_totp t where user_id = $1", person.user_id
    )
    assert seed not in rows[0][0]
    assert seed.encode() not in rows[0][1]


async def test_row_08_a_reset_password_does_not_replace_the_second_factor(
    asgi: httpx.AsyncClient, join: Join, letter: Letter
) -> None:
    person = await join(asgi)
    await enrol(asgi, person)
    await asgi.post("/v1/auth/password/forgot", json={"email": person.email})
    token = (await letter(person.email, "reset your password")).token
    body = {"token": token, "password": "quite another phrase 77"}
    reset = await asgi.post("/v1/auth/password/reset", json=body)
    assert reset.status_code == 204
    assert reset.content == b""
    login = {"email": person.email, "password": body["password"]}
    answer = await asgi.post("/v1/auth/login", json=login)
    assert (answer.status_code, answer.json()["code"]) == (403, "mfa_required")


async def test_row_23_a_factor_is_revoked_under_step_up_and_its_owner_told(
    asgi: httpx.AsyncClient, app: Litestar, join: Join, letter: Letter
) -> None:
    person = await join(asgi)
    mine = await enrol(asgi, person)
    await letter(person.email, "factor was added")
    await age_proofs(app, person)
    stale = (await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})).json()
    headers = {"Authorization": f"Bearer {stale['access_token']}"}
    refused = await asgi.delete("/v1/auth/mfa/totp", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    bypass = await asgi.post("/v1/auth/step-up", json={"password": PASSWORD}, headers=headers)
    assert bypass.status_code == 401
    proved = await asgi.post("/v1/auth/step-up", json={"code": mine.code()}, headers=headers)
    assert proved.status_code == 200
    headers = {"Authorization": f"Bearer {proved.json()['access_token']}"}
    assert (await asgi.delete("/v1/auth/mfa/totp", headers=headers)).status_code == 204
    await letter(person.email, "factor was removed")
    login = {"email": person.email, "password": PASSWORD}
    assert (await asgi.post("/v1/auth/login", json=login)).status_code == 200


async def test_row_11_a_fresh_proof_brings_new_tokens(
    asgi: httpx.AsyncClient, app: Litestar, join: Join
) -> None:
    person = await join(asgi)
    await age_proofs(app, person)
    wrong = await asgi.post("/v1/auth/step-up", json={"password": "not this one 42"}, headers=person.headers)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    proved = await asgi.post("/v1/auth/step-up", json={"password": PASSWORD}, headers=person.headers)
    assert proved.status_code == 200
    tokens = proved.json()
    assert tokens["access_token"] != person.access_token
    assert tokens["refresh_token"] != person.refresh_token
    renewed = await asgi.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 200


async def test_an_unverified_address_gets_no_factor(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi, verified=False)
    refused = await asgi.post("/v1/auth/mfa/totp", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "email_unverified")


async def age_proofs(app: Litestar, person: Person) -> None:
    async with app.state.database.transaction() as session:
        await (await session.connection()).exec_driver_sql(
            "update auth_session set authenticated_at = now() - interval '6 minutes' where user_id = $1",
            (person.user_id,),
        )
