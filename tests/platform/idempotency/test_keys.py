import asyncio
import datetime as dt
import secrets
from uuid import UUID

import httpx
from litestar import Litestar
from sqlalchemy import select, update

from bedplate.domains import operations
from bedplate.domains.operations.jobs import SWEEP_HOURLY, sweep_idempotency
from bedplate.platform.db import utcnow
from bedplate.platform.idempotency import sweep
from bedplate.platform.idempotency.models import IdempotencyKey
from bedplate.settings import Settings
from fixtures.apps import calling, running
from fixtures.people import Join, Person


def keyed(person: Person, key: str) -> dict[str, str]:
    return {**person.headers, "Idempotency-Key": key}


def plan() -> dict[str, str]:
    return {"key": f"plan-{secrets.token_hex(4)}", "title": "Plan"}


async def test_a_twin_gets_the_first_answer(asgi: httpx.AsyncClient, join: Join) -> None:
    person, body = await join(asgi), plan()
    first = await asgi.post("/v1/plans", json=body, headers=keyed(person, "one"))
    twin = await asgi.post("/v1/plans", json=body, headers=keyed(person, "one"))
    assert first.status_code == twin.status_code == 201
    assert twin.json() == first.json()
    assert twin.headers["location"] == first.headers["location"]
    assert twin.headers["etag"] == first.headers["etag"]
    assert twin.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len((await asgi.get("/v1/plans", headers=person.headers)).json()["items"]) == 1


async def test_parallel_twins_make_one_row(client: httpx.AsyncClient, join: Join) -> None:
    person, body = await join(client), plan()
    answers = await asyncio.gather(
        *(client.post("/v1/plans", json=body, headers=keyed(person, "many")) for _ in range(100))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused <= {"idempotency_key_in_flight"}
    assert len((await client.get("/v1/plans", headers=person.headers)).json()["items"]) == 1


async def test_what_was_done_is_answered_after_a_restart(settings: Settings, join: Join) -> None:
    body = plan()
    async with running(settings) as first, calling(first) as client:
        person = await join(client)
        done = await client.post("/v1/plans", json=body, headers=keyed(person, "restart"))
    async with running(settings) as second, calling(second) as client:
        again = await client.post("/v1/plans", json=body, headers=keyed(person, "restart"))
        assert (again.status_code, again.content) == (done.status_code, done.content)
        assert again.headers["location"] == done.headers["location"]
        assert again.headers["idempotency-replayed"] == "true"
        other = await client.post("/v1/plans", json=plan(), headers=keyed(person, "restart"))
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_keys_are_forgotten_after_a_day(app: Litestar, asgi: httpx.AsyncClient, join: Join) -> None:
    database = app.state.database
    person = await join(asgi)
    for key in ("old", "young"):
        await asgi.post("/v1/plans", json=plan(), headers=keyed(person, key))
    me = (await asgi.get("/v1/me", headers=person.headers)).json()["id"]
    mine = (IdempotencyKey.caller_id == UUID(me),)
    async with database.transaction() as session:
        day_ago = utcnow() - dt.timedelta(hours=24, seconds=1)
        aged = update(IdempotencyKey).where(*mine, IdempotencyKey.key == "old").values(created_at=day_ago)
        await session.execute(aged)
    async with database.transaction() as session:
        assert await sweep(session) >= 1
        left = (await session.scalars(select(IdempotencyKey.key).where(*mine))).all()
    assert left == ["young"]
    # It is done every hour.
    assert SWEEP_HOURLY in operations.DOMAIN.schedules
    assert SWEEP_HOURLY.task is sweep_idempotency


async def test_a_key_belongs_to_one_request(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    await asgi.post("/v1/plans", json=plan(), headers=keyed(person, "same"))
    other = await asgi.post("/v1/plans", json=plan(), headers=keyed(person, "same"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_belongs_to_one_caller(asgi: httpx.AsyncClient, join: Join) -> None:
    body = plan()
    first = await asgi.post("/v1/plans", json=body, headers=keyed(await join(asgi), "shared"))
    second = await asgi.post("/v1/plans", json=body, headers=keyed(await join(asgi), "shared"))
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] != second.json()["id"]


async def test_a_refused_request_may_be_mended_and_sent_again(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    bad = await asgi.post("/v1/plans", json={"key": "NOT A KEY", "title": "x"}, headers=keyed(person, "mend"))
    assert bad.status_code == 422
    good = await asgi.post("/v1/plans", json=plan(), headers=keyed(person, "mend"))
    assert good.status_code == 201


async def test_an_unfit_key_is_refused(asgi: httpx.AsyncClient, join: Join) -> None:
    answer = await asgi.post("/v1/plans", json=plan(), headers=keyed(await join(asgi), "x" * 256))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/Idempotency-Key")


async def test_of_two_keys_none_counts(asgi: httpx.AsyncClient, join: Join) -> None:
    headers = [*(await join(asgi)).headers.items(), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    answer = await asgi.post("/v1/plans", json=plan(), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/Idempotency-Key")


async def test_a_keyed_body_is_held_to_the_limits_of_others(asgi: httpx.AsyncClient, join: Join) -> None:
    headers = {**keyed(await join(asgi), "large"), "Content-Type": "application/json"}
    large = await asgi.post("/v1/plans", content=b'{"key":"' + b"a" * 3_000_000, headers=headers)
    assert (large.status_code, large.json()["code"]) == (413, "content_too_large")
    encoded = await asgi.post("/v1/plans", content=b"x", headers={**headers, "Content-Encoding": "gzip"})
    assert encoded.status_code == 415


async def test_a_secret_is_never_stored(app: Litestar, asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    body = {"name": "ci", "scopes": ["plans:read"]}
    first = await asgi.post("/v1/api-keys", json=body, headers=keyed(person, "secret"))
    second = await asgi.post("/v1/api-keys", json=body, headers=keyed(person, "secret"))
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] != second.json()["id"]
    count = "select count(*) from idempotency_key where key = 'secret'"
    assert (await app.state.database.reads.fetchrow(count))[0] == 0


async def test_an_import_with_a_key_is_one_job(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    made = (await asgi.post("/v1/plans", json=plan(), headers=person.headers)).json()["id"]
    headers = {**keyed(person, "import"), "Content-Type": "text/markdown"}
    first = await asgi.post(f"/v1/plans/{made}/imports", content=b"# Plan - One\n", headers=headers)
    twin = await asgi.post(f"/v1/plans/{made}/imports", content=b"# Plan - One\n", headers=headers)
    assert first.status_code == twin.status_code == 202
    assert twin.headers["location"] == first.headers["location"]
