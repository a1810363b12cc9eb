"""Secrets of every kind are used as people use them, and looked for wherever something is written down."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import msgspec
import pyotp
import pytest
from litestar import Litestar

from bedplate.app import jobs_runtime
from bedplate.platform.jobs import MemoryCarrier
from bedplate.platform.telemetry.logs import configure_logging
from bedplate.settings import Settings
from bedplate.settings.telemetry import TelemetrySettings
from fixtures.apps import calling, running
from fixtures.collector import Collector
from fixtures.federation import begin, house, trade
from fixtures.openid import CLIENT_SECRET
from fixtures.people import Person, log_in

pytestmark = pytest.mark.security
PROVIDERS_TOKENS = ("at-secret", "rt-secret-canary")
BROWSER = {"Origin": "http://bedplate.test", "Sec-Fetch-Site": "same-origin"}
AUDIT = "select concat_ws(' ', type, resource, host(address), user_agent, data) from audit_event"
JOBS = "select concat_ws(' ', payload, result, error, tags) from job"
ATTEMPTS = "select concat_ws(' ', error) from job_attempt"
SUBJECTS = "select concat_ws(' ', subject, sender) from mailbox_message"


class Secrets:
    """Every secret that was used, by its kind, and every refusal that was answered."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {"oidc secret": CLIENT_SECRET}
        self.refusals: list[str] = []

    def new(self, kind: str, value: str | None = None) -> str:
        return self.kept.setdefault(kind, value or f"canary {kind} {secrets.token_hex(8)}")

    async def note(self, answer: httpx.Response) -> None:
        if answer.status_code >= 400:
            await answer.aread()
            self.refusals.append(answer.text)

    def found_in(self, text: str) -> list[str]:
        return [kind for kind, value in self.kept.items() if value in text]


@asynccontextmanager
async def told_everything(settings: Settings, collector: Collector) -> AsyncIterator[Litestar]:
    telemetry = TelemetrySettings(
        sample_ratio=1.0, otlp_endpoint=collector.endpoint, log_level="debug", log_format="json"
    )
    try:
        async with running(msgspec.structs.replace(settings, telemetry=telemetry)) as app:
            yield app
    finally:
        configure_logging(settings.telemetry)


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


async def test_row_29_no_secret_is_in_anything_that_is_written_down(
    settings: Settings, collector: Collector, capfd: pytest.CaptureFixture[str]
) -> None:
    used = Secrets()
    async with told_everything(settings, collector) as app, calling(app) as client:
        client.event_hooks["response"] = [used.note]
        person = await passwords(app, client, used)
        await browsers(client, used, person)
        await api_keys(client, used, person)
        await second_factors(client, used, person)
        await providers(app, client, used)
        await mistakes(client, used, person)
        runtime = jobs_runtime(app.state.settings, app.state.database, MemoryCarrier())
        await runtime.run_until_idle()
        reads = app.state.database.reads
        places = {
            name: "\n".join(row[0] for row in await reads.fetch(statement))
            for name, statement in (("audit", AUDIT), ("jobs", JOBS), ("subjects", SUBJECTS))
        }
        attempts = "\n".join(row[0] for row in await reads.fetch(ATTEMPTS))
        places["metrics"] = (await client.get("/metrics")).text
    written = capfd.readouterr()
    places["logs"] = written.out + written.err
    places["spans"] = str(collector.spans) + str(collector.resources)
    places["refusals"] = "\n".join(used.refusals)
    for place, text in places.items():
        assert text, f"nothing was written to {place}"
    found = {place: used.found_in(text) for place, text in (places | {"attempts": attempts}).items()}
    assert {place: kinds for place, kinds in found.items() if kinds} == {}
    assert len(used.kept) >= 25
    assert len(used.refusals) >= 10


async def passwords(app: Litestar, client: httpx.AsyncClient, used: Secrets) -> Person:
    email = used.new("e-mail", f"canary-{secrets.token_hex(6)}@team.example")
    password = used.new("password")
    await client.post("/v1/auth/signup", json={"email": email, "password": password, "name": "Person"})
    verify = used.new("verification token", await newest_token(app, "verify_email", email))
    assert (await client.post("/v1/auth/email/verify", json={"token": verify})).status_code == 204
    wrong = used.new("wrong password")
    await client.post("/v1/auth/login", json={"email": email, "password": wrong})
    person = await log_in(client, email, password)
    used.new("access token", person.access_token)
    used.new("refresh token", person.refresh_token)
    used.new("signature", person.access_token.rpartition(".")[2])
    await client.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token + "x"})
    renewed = await client.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    person.access_token = used.new("second access token", renewed.json()["access_token"])
    person.refresh_token = used.new("second refresh token", renewed.json()["refresh_token"])
    await client.post("/v1/auth/password/forgot", json={"email": email})
    await jobs_runtime(app.state.settings, app.state.database, MemoryCarrier()).run_until_idle()
    token = used.new("reset token", await newest_token(app, "reset_password", email))
    other = used.new("new password")
    weak = await client.post("/v1/auth/password/reset", json={"token": token, "password": "short"})
    assert weak.status_code == 422
    reset = await client.post("/v1/auth/password/reset", json={"token": token, "password": other})
    assert reset.status_code == 204, reset.text
    person = await log_in(client, email, other)
    used.new("third access token", person.access_token)
    return person


async def newest_token(app: Litestar, letter: str, email: str) -> str:
    """The token of the newest letter of a kind, out of the sealed payload of the job that sends it."""
    newest = (
        "select payload from job where payload ->> 'letter' = $1 and payload ->> 'account_id' ="
        " (select id::text from account where email = $2) order by id desc limit 1"
    )
    # Another test's worker may have taken the job that writes the letter, and still be at it.
    async with asyncio.timeout(60):
        while not (rows := await app.state.database.reads.fetch(newest, letter, email)):
            await asyncio.sleep(0.01)
    sealed = msgspec.json.decode(rows[0][0])["sealed"]
    return msgspec.json.decode(app.state.sealer.open("mail", sealed.encode()))["token"]


async def browsers(client: httpx.AsyncClient, used: Secrets, person: Person) -> None:
    body = {"email": person.email, "password": person.password, "cookie": True}
    answer = await client.post("/v1/auth/login", json=body, headers=BROWSER)
    cookie = used.new("session cookie", answer.cookies["__Host-bedplate"])
    used.new("device cookie", answer.cookies["__Host-bedplate-device"])
    client.cookies.clear()
    headers = {"Cookie": f"__Host-bedplate={cookie}"}
    assert (await client.get("/v1/me", headers=headers)).status_code == 200
    elsewhere = {**headers, "Origin": "https://evil.example"}
    assert (await client.patch("/v1/me", json={}, headers=elsewhere)).status_code == 403
    forged = used.new("forged cookie", secrets.token_urlsafe(48))
    assert (await client.get("/v1/me", headers={"Cookie": f"__Host-bedplate={forged}"})).status_code == 401


async def api_keys(client: httpx.AsyncClient, used: Secrets, person: Person) -> None:
    body = {"name": "Robot", "scopes": ["plans:read"]}
    made = await client.post("/v1/api-keys", json=body, headers=person.headers)
    key = used.new("API key", made.json()["key"])
    used.new("an API key's secret", key.split("_")[2])
    assert (await client.get("/v1/plans", headers={"Authorization": f"Bearer {key}"})).status_code == 200
    assert (await client.get("/v1/plans", params={"api_key": key})).status_code in {400, 401, 422}
    assert (await client.get("/v1/plans", headers={"Authorization": f"Bearer {key}x"})).status_code == 401


async def second_factors(client: httpx.AsyncClient, used: Secrets, person: Person) -> None:
    offer = await client.post("/v1/auth/mfa/totp", headers=person.headers)
    totp = pyotp.TOTP(used.new("TOTP seed", offer.json()["secret"]))
    body = {"code": totp.at(int(time.time()) - 30)}
    confirmed = await client.post("/v1/auth/mfa/totp/confirm", json=body, headers=person.headers)
    codes = confirmed.json()["recovery_codes"]
    for place, code in enumerate(codes):
        used.new(f"recovery code {place}", code)
    login = {"email": person.email, "password": person.password}
    due = await client.post("/v1/auth/login", json=login)
    # The challenge is that answer's purpose; it must be nowhere else.
    used.refusals.remove(due.text)
    challenge = used.new("challenge", due.json()["challenge"])
    step = {"challenge": challenge, "recovery_code": used.new("wrong code", secrets.token_hex(8))}
    assert (await client.post("/v1/auth/mfa/login", json=step)).status_code == 401
    step["recovery_code"] = codes[0]
    done = await client.post("/v1/auth/mfa/login", json=step)
    used.new("fourth access token", done.json()["access_token"])


async def providers(app: Litestar, client: httpx.AsyncClient, used: Secrets) -> None:
    async with house(app) as openid:
        email = used.new("provider's e-mail", f"canary-{secrets.token_hex(6)}@team.example")
        openid.person |= {"email": email, "email_verified": True}
        for kind, value in zip(("access", "refresh"), PROVIDERS_TOKENS, strict=True):
            used.new(f"provider's {kind} token", value)
        for attempt in ("first", "second"):
            verifier = used.new(f"{attempt} verifier", secrets.token_urlsafe(48))
            back = openid.visit((await begin(client, verifier))["authorization_url"])
            used.new(f"{attempt} code", back["code"])
            used.new(f"{attempt} state", back["state"])
            answer = await trade(client, verifier, back)
            assert answer.status_code == (200 if attempt == "first" else 502)
            description = f"{CLIENT_SECRET} is wrong for {back['code']}"
            openid.token_error = (400, {"error": "invalid_client", "error_description": description})
        returned = await client.get("/v1/auth/callback/house", params=back)
        assert returned.status_code >= 400


async def mistakes(client: httpx.AsyncClient, used: Secrets, person: Person) -> None:
    """What a careless client sends where it does not belong."""
    password = used.kept["new password"]
    broken = '{"email": "' + person.email + '", "password": "' + password + '"'
    json = {"Content-Type": "application/json"}
    answers = [
        await client.post("/v1/auth/login", content=broken, headers=json),
        await client.post("/v1/auth/login", json={"email": person.email, "password": [password]}),
        await client.post("/v1/auth/login", content=password, headers={"Content-Type": "text/plain"}),
        await client.get("/v1/me", params={"access_token": person.access_token}),
        await client.get(f"/v1/users/{person.access_token}", headers=person.headers),
        await client.get("/v1/me", headers={"Authorization": f"Basic {person.access_token}"}),
        await client.get("/v1/plans", params={"cursor": person.access_token}, headers=person.headers),
    ]
    assert all(400 <= answer.status_code < 500 for answer in answers), [a.status_code for a in answers]
