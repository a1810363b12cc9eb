"""What one person may have, cause or keep waiting is bounded, and the answer tells nobody else's state."""

import asyncio
import os
import threading

import httpx
import msgspec
import pytest
from litestar import Litestar

from bedplate.domains.accounts import Passwords, WeakPassword
from bedplate.domains.sessions import keep_administrator
from bedplate.platform.errors import Unavailable
from bedplate.platform.limits.signin import FAILURES
from bedplate.settings import Settings
from bedplate.settings.auth import AuthSettings
from fixtures.apps import calling, running
from fixtures.mail import Letter, Letters
from fixtures.people import Join, Person, new_email, sign_up
from fixtures.sharing import new_key, new_team

pytestmark = pytest.mark.security
CHEAP = AuthSettings(argon2_memory=64, argon2_time=1)


class Slow:
    """A hasher that holds every thread until it is let go, and notes who hashes."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.threads: set[int] = set()
        self.at_once = self.most = 0
        self._lock = threading.Lock()

    def hash(self, password: str) -> str:
        assert threading.current_thread() is not threading.main_thread(), "hashed on the event loop"
        with self._lock:
            self.threads.add(threading.get_ident())
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.go.wait()
        with self._lock:
            self.at_once -= 1
        return password

    def verify(self, _stored: str, password: str) -> bool:
        return bool(self.hash(password))


async def test_row_04_hashing_takes_as_many_threads_as_cores_and_never_the_event_loops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords, slow = Passwords(CHEAP), Slow()
    monkeypatch.setattr(passwords, "_hasher", slow)
    cores = os.cpu_count() or 1
    waiting = [asyncio.create_task(passwords.hash(f"phrase {n}")) for n in range(4 * cores)]
    try:
        async with asyncio.timeout(60):
            while slow.at_once < cores:
                await asyncio.sleep(0)
        finished = [task for task in waiting if task.done()]
    finally:
        slow.go.set()
    assert finished == []
    assert len(await asyncio.gather(*waiting)) == 4 * cores
    assert slow.most == cores
    assert threading.get_ident() not in slow.threads
    passwords.close()


async def test_row_04_a_long_queue_of_password_checks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, slow = Passwords(msgspec.structs.replace(CHEAP, hash_queue=2)), Slow()
    monkeypatch.setattr(passwords, "_hasher", slow)
    waiting = [asyncio.create_task(passwords.hash("phrase")) for _ in range((os.cpu_count() or 1) + 2)]
    one_too_many = asyncio.create_task(passwords.hash("phrase"))
    # Each has begun by now: it waits for a thread, or was refused at once.
    await asyncio.sleep(0)
    slow.go.set()
    assert isinstance(one_too_many.exception() if one_too_many.done() else None, Unavailable)
    await asyncio.gather(*waiting)
    assert await passwords.hash("room again") == "room again"
    passwords.close()


async def test_row_04_a_sign_in_beyond_the_queue_is_told_to_come_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth, slow = msgspec.structs.replace(settings.auth, hash_queue=1), Slow()
    # Longer than this test waits: a request that is given up is answered 503 too.
    http = msgspec.structs.replace(settings.http, request_timeout=300.0)
    told = msgspec.structs.replace(settings, auth=auth, http=http)
    async with running(told) as app, calling(app) as client:
        monkeypatch.setattr(app.state.passwords, "_hasher", slow)

        async def sign_in(email: str | None = None) -> httpx.Response:
            body = {"email": email or new_email(), "password": "a phrase, long enough"}
            return await client.post("/v1/auth/login", json=body)

        asked = [asyncio.create_task(sign_in()) for _ in range((os.cpu_count() or 1) + 2)]
        # No check of a password ends before `go`: whoever is answered sooner was refused.
        try:
            answered, waiting = await asyncio.wait(asked, timeout=30, return_when="FIRST_COMPLETED")
            # What was never looked at is no failed attempt.
            again = [await sign_in("someone@team.example") for _ in range(FAILURES.quota + 1)]
        finally:
            slow.go.set()
        refused = [task.result() for task in answered]
        assert [(one.status_code, one.json()["code"]) for one in refused] == [(503, "unavailable")]
        assert int(refused[0].headers["retry-after"]) >= 1
        checked = [answer.status_code for answer in await asyncio.gather(*waiting)]
        assert checked == [401] * len(waiting)
        assert {answer.status_code for answer in again} == {503}
        assert (await sign_in("someone@team.example")).status_code == 401


async def test_keys_and_invitations_have_a_cap_also_when_made_at_once(settings: Settings, join: Join) -> None:
    auth = msgspec.structs.replace(settings.auth, max_api_keys=2, max_invitations=2)
    async with running(msgspec.structs.replace(settings, auth=auth)) as app, calling(app) as client:
        person = await join(client)
        team_id = await new_team(client, person)
        for body in ({}, {"team_id": team_id}):
            first = await new_key(client, person, "plans:read", **body)
            asked = {"name": "Key", "scopes": ["plans:read"], **body}
            answers = await asyncio.gather(
                *(client.post("/v1/api-keys", json=asked, headers=person.headers) for _ in range(4))
            )
            assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
            codes = {answer.json().get("code") for answer in answers}
            assert codes == {None, "too_many_api_keys"}
            match = {**person.headers, "If-Match": "*"}
            assert (await client.delete(f"/v1/api-keys/{first['id']}", headers=match)).status_code == 204
            await new_key(client, person, "plans:read", **body)
        path = f"/v1/teams/{team_id}/invitations"
        sent = [
            await client.post(path, json={"email": new_email()}, headers=person.headers) for _ in range(3)
        ]
        assert [answer.status_code for answer in sent] == [201, 201, 409]
        assert sent[2].json()["code"] == "too_many_invitations"


async def test_nobody_floods_a_mailbox_and_the_answer_stays_the_same(
    asgi: httpx.AsyncClient, app: Litestar, letter: Letter, letters: Letters
) -> None:
    person = await sign_up(asgi)
    await nearly_used_up(app, person)
    asked = {
        "password/forgot": {"email": person.email},
        "signup": {"email": person.email, "password": "some other phrase 12", "name": ""},
        "email/resend": None,
    }
    answers: dict[str, set[tuple[int, str]]] = {path: set() for path in asked}
    for _ in range(3):
        for path, body in asked.items():
            answer = await asgi.post(f"/v1/auth/{path}", json=body, headers=person.headers)
            answers[path].add((answer.status_code, answer.text))
        await letters(person.email)
    assert [len(found) for found in answers.values()] == [1, 1, 1]
    await letter(person.email, "reset your password")
    await letter(person.email, "already have an account")
    subjects = [one.subject for one in await letters(person.email)]
    assert (subjects.count("Reset your password"), subjects.count("You already have an account")) == (1, 1)
    # One of these two is the sign-up's own.
    assert subjects.count("Verify your e-mail address") == 2


async def nearly_used_up(app: Litestar, person: Person) -> None:
    most = app.state.settings.auth.max_letters
    async with app.state.database.transaction() as session:
        for letter in ("reset_password", "signup_known", "verify_email"):
            await (await session.connection()).exec_driver_sql(
                "insert into letter_count (account_id, letter, since, sent) values ($1, $2, now(), $3)",
                (person.user_id, letter, most - 1),
            )


async def test_sign_ups_are_limited_by_a_policy_of_their_own(asgi: httpx.AsyncClient) -> None:
    answer = await asgi.post(
        "/v1/auth/signup", json={"email": new_email(), "password": "a phrase, long enough"}
    )
    assert answer.headers["ratelimit-policy"].startswith('"sign-up"')


async def test_what_changes_nothing_is_not_on_record(
    asgi: httpx.AsyncClient, app: Litestar, make_admin: Join
) -> None:
    admin = await make_admin(asgi)
    team_id = await new_team(asgi, admin)
    key = await new_key(asgi, admin, "plans:read")
    headers = {**admin.headers, "If-Match": "*"}
    count = "select count(*) from audit_event where type like '%.updated'"
    before = await app.state.database.reads.fetch(count)
    for path in ("/v1/me", f"/v1/teams/{team_id}", f"/v1/api-keys/{key['id']}", f"/v1/users/{admin.user_id}"):
        unchanged = await asgi.patch(path, json={}, headers=headers)
        assert unchanged.status_code == 200, unchanged.text
    assert await app.state.database.reads.fetch(count) == before


@pytest.mark.parametrize("weak", ["short", "password1234567", "aaaaaaaaaaaaaaaaaaaa"])
async def test_row_30_a_weak_password_of_the_first_administrator_is_refused(app: Litestar, weak: str) -> None:
    with pytest.raises(WeakPassword):
        await keep_administrator(
            app.state.database, app.state.passwords, email="admin@team.example", password=weak
        )
