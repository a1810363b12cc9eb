import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar

from bedplate.domains.operations import stream as operations_stream
from bedplate.domains.plans.jobs import ExportPayload, export_plan
from bedplate.platform.jobs import JobContext, JobsRuntime, Permanent, enqueue, enqueue_alone, task
from fixtures.people import Join, Person
from fixtures.sharing import new_key, with_key


class Order(msgspec.Struct, forbid_unknown_fields=True):
    steps: int = 2
    team: UUID | None = None


async def admit(_session: object, _owner: UUID, order: Order) -> UUID | None:
    return order.team


@task("test.public", payload=Order, timeout=20, public=True, permission="jobs:write", admit=admit)
async def public(ctx: JobContext, order: Order) -> dict[str, int]:
    if not order.steps:
        raise Permanent("Nothing to do")
    for step in range(order.steps):
        await ctx.progress(step, f"step {step}")
    return {"steps": order.steps}


@task("test.guarded", payload=Order, timeout=20, public=True, permission="users:write")
async def guarded(_ctx: JobContext, _order: Order) -> None: ...


@task("test.private", payload=Order, timeout=20)
async def private(_ctx: JobContext, _order: Order) -> None:
    await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def runtime(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> JobsRuntime:
    jobs: JobsRuntime = app.state.jobs
    known = {one.name: one for one in (public, guarded, private)}
    monkeypatch.setattr(jobs.tasks, "_by_name", {**jobs.tasks._by_name, **known})
    return jobs


@asynccontextmanager
async def working(runtime: JobsRuntime) -> AsyncIterator[None]:
    worker = runtime.worker()
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stopping.set()
        await running


async def start(asgi: httpx.AsyncClient, person: Person, **payload: object) -> str:
    body = {"type": "test.public", "payload": payload}
    answer = await asgi.post("/v1/jobs", json=body, headers=person.headers)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    return answer.headers["location"]


async def ended(asgi: httpx.AsyncClient, person: Person, location: str) -> dict[str, object]:
    async with asyncio.timeout(60):
        while True:
            job = (await asgi.get(location, headers=person.headers)).json()
            if job["ended_at"]:
                return job
            await asyncio.sleep(0.01)


async def test_a_job_is_started_followed_and_its_result_fetched(asgi, join, runtime):
    person = await join(asgi)
    async with working(runtime):
        location = await start(asgi, person, steps=3)
        job = await ended(asgi, person, location)
    assert {name: job[name] for name in ("type", "state", "progress", "attempts", "result", "error")} == {
        "type": "test.public",
        "state": "succeeded",
        "progress": 100,
        "attempts": 1,
        "result": {"steps": 3},
        "error": None,
    }
    result = await asgi.get(f"{location}/result", headers=person.headers)
    assert (result.status_code, result.json()) == (200, {"steps": 3})
    page = (await asgi.get("/v1/jobs?type=test.public&state=succeeded", headers=person.headers)).json()
    assert [one["id"] for one in page["items"]] == [job["id"]]
    none = (await asgi.get("/v1/jobs?state=queued", headers=person.headers)).json()
    assert none == {"items": [], "next_cursor": None}


async def test_the_events_of_an_ended_job_are_replayed(asgi, join, runtime):
    person = await join(asgi)
    async with working(runtime):
        location = await start(asgi, person, steps=3)
        await ended(asgi, person, location)
    stream = await asgi.get(f"{location}/events", headers=person.headers)
    assert stream.headers["content-type"].startswith("text/event-stream")
    ids = [line for line in stream.text.splitlines() if line.startswith("id: ")]
    assert ids == ["id: 1", "id: 2", "id: 3", "id: 3-ended-1"]
    resumed = await asgi.get(f"{location}/events", headers={**person.headers, "Last-Event-ID": "2"})
    assert [line for line in resumed.text.splitlines() if line.startswith("id: ")] == [
        "id: 3",
        "id: 3-ended-1",
    ]
    over = await asgi.get(f"{location}/events", headers={**person.headers, "Last-Event-ID": "3-ended-1"})
    assert over.status_code == 204
    for forged in (b"-1", "²".encode("latin-1"), b"9" * 30, b"ended", b"1-ended-", b"1-ended-x"):
        odd = await asgi.get(f"{location}/events", headers={**person.headers, "Last-Event-ID": forged})
        assert (forged, odd.status_code) == (forged, 400)


async def test_a_failed_job_says_why_and_is_tried_again(asgi, join, runtime):
    person = await join(asgi)
    async with working(runtime):
        location = await start(asgi, person, steps=0)
        job = await ended(asgi, person, location)
        assert (job["state"], job["error"]) == ("failed", "Nothing to do")
        refused = await asgi.get(f"{location}/result", headers=person.headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "job_without_result")
        gone = await asgi.post(f"{location}/cancellation", headers=person.headers)
        assert (gone.status_code, gone.json()["code"]) == (409, "job_ended")
        again = await asgi.post(f"{location}/retry", headers=person.headers)
        assert again.status_code == 202
        async with asyncio.timeout(60):
            while (await ended(asgi, person, location))["attempts"] != 2:
                await asyncio.sleep(0.01)


async def test_what_a_credential_may_not_start_it_may_not_retry(asgi, join, runtime):
    person = await join(asgi)
    job_id = await enqueue_alone(runtime.database, guarded, Order(), owner_id=UUID(person.user_id), delay=60)
    await runtime.database.reads.fetch(
        "update job set state = 'dead', ended_at = now() where id = $1", job_id
    )
    refused = await asgi.post(f"/v1/jobs/{job_id}/retry", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_permission")


async def test_a_job_that_succeeded_is_not_tried_again(asgi, join, runtime):
    person = await join(asgi)
    async with working(runtime):
        location = await start(asgi, person)
        await ended(asgi, person, location)
    refused = await asgi.post(f"{location}/retry", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "job_ended")
    assert refused.json()["detail"] == "The job is succeeded; only a failed or dead one is tried again"


async def test_the_document_types_every_public_payload(asgi):
    schemas = (await asgi.get("/openapi.json")).json()["components"]["schemas"]
    kinds = {
        kind["$ref"].rpartition("/")[2] for kind in schemas["StartJob"]["properties"]["payload"]["anyOf"]
    }
    assert kinds == {"ImportPayload", "ExportPayload", "Empty"}
    assert set(schemas["ImportPayload"]["required"]) == {"plan_id", "document_id"}


async def test_a_queued_job_is_cancelled(asgi, join, make_admin):
    person = await join(asgi)
    location = await start(asgi, person)
    early = await asgi.post(f"{location}/retry", headers=person.headers)
    assert (early.status_code, early.json()["code"]) == (409, "job_not_ended")
    assert (await asgi.post(f"{location}/cancellation", headers=person.headers)).status_code == 202
    job = (await asgi.get(location, headers=person.headers)).json()
    assert (job["state"], job["next_attempt_at"]) == ("cancelled", None)
    admin = await make_admin(asgi)
    events = (await asgi.get("/v1/audit-events?type=job.cancelled", headers=admin.headers)).json()["items"]
    mine = [e["resource"] for e in events if e["actor_id"] == person.user_id]
    assert mine == [f"job:{job['id']}"]


@pytest.mark.security
async def test_a_strangers_job_does_not_exist(asgi: httpx.AsyncClient, join: Join):
    owner, stranger = await join(asgi), await join(asgi)
    location = await start(asgi, owner)
    for method, path in (
        ("GET", location),
        ("GET", f"{location}/events"),
        ("GET", f"{location}/result"),
        ("POST", f"{location}/cancellation"),
        ("POST", f"{location}/retry"),
    ):
        answer = await asgi.request(method, path, headers=stranger.headers)
        assert (method, path, answer.status_code) == (method, path, 404)
        assert (await asgi.request(method, path)).status_code == 401
    assert (await asgi.get("/v1/jobs", headers=stranger.headers)).json()["items"] == []
    assert (await asgi.get(location, headers=owner.headers)).json()["state"] == "queued"


async def test_a_teams_job_is_its_members_and_no_strangers(asgi, join, runtime):
    owner, other = await join(asgi), await join(asgi)
    async with runtime.database.transaction() as session:
        shared = await enqueue(
            session, private, Order(), team_id=UUID(owner.team_id), owner_id=uuid4(), delay=3600
        )
    assert (await asgi.get(f"/v1/jobs/{shared}", headers=owner.headers)).status_code == 200
    assert (await asgi.get(f"/v1/jobs/{shared}", headers=other.headers)).status_code == 404
    none = await asgi.get("/v1/jobs?tag=nightly", headers=owner.headers)
    assert (none.status_code, none.json()["items"]) == (200, [])
    listed = (await asgi.get(f"/v1/jobs?team_id={owner.team_id}", headers=owner.headers)).json()["items"]
    assert [one["id"] for one in listed] == [str(shared)]


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"type": "test.private"}, 422, "unknown_job_type", "/type"),
        ({"type": "test.none"}, 422, "unknown_job_type", "/type"),
        ({"type": "test.guarded"}, 403, "missing_permission", None),
        ({"type": "test.public", "payload": {"steps": "x"}}, 422, "invalid", "/payload/steps"),
        ({"type": "test.public", "payload": {"extra": 1}}, 422, "invalid", "/payload"),
        ({"type": "test.public", "extra": 1}, 422, "invalid", "/extra"),
        ({}, 422, "invalid", "/type"),
    ],
)
async def test_what_cannot_be_started_is_refused(body, status, code, pointer, asgi, join):
    person = await join(asgi)
    answer = await asgi.post("/v1/jobs", json=body, headers=person.headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    if pointer is not None:
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_schedules_and_queues_are_for_administrators(asgi, join, make_admin):
    person, admin = await join(asgi), await make_admin(asgi)
    for path in ("/v1/schedules", "/v1/queues"):
        assert (await asgi.get(path)).status_code == 401
        assert (await asgi.get(path, headers=person.headers)).status_code == 403
        assert (await asgi.get(path, headers=admin.headers)).status_code == 200
    unknown = await asgi.post("/v1/schedules/none/pause", headers=admin.headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "schedule_not_found")


@pytest.mark.security
async def test_row_18_a_key_neither_orders_nor_reads_the_archive_of_ones_data(asgi, join, runtime):
    person = await join(asgi)
    key = with_key(await new_key(asgi, person, "jobs:read", "jobs:write"))
    order = {"type": "accounts.export", "payload": {}}
    refused = await asgi.post("/v1/jobs", json=order, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "session_required")
    ordered = [
        (await asgi.post("/v1/jobs", json=order, headers=person.headers)).headers["location"],
        (await asgi.post("/v1/me/exports", headers=person.headers)).headers["location"],
    ]
    assert ordered[0] == ordered[1]
    async with working(runtime):
        job = await ended(asgi, person, ordered[0])
    assert (job["state"], job["result"]["account_id"]) == ("succeeded", person.user_id)
    assert (await asgi.get(ordered[0], headers=key)).json()["result"] is None
    kept = await asgi.get(f"{ordered[0]}/result", headers=key)
    assert (kept.status_code, kept.json()["code"]) == (403, "session_required")
    assert (await asgi.get(f"{ordered[0]}/result", headers=person.headers)).json()["account_id"]
    await runtime.database.reads.fetch("update job set state = 'dead' where id = $1", UUID(ordered[0][-36:]))
    again = await asgi.post(f"{ordered[0]}/retry", headers=key)
    assert (again.status_code, again.json()["code"]) == (403, "session_required")


@pytest.mark.security
async def test_who_has_left_a_team_does_not_retry_his_job_in_it(asgi, join, runtime):
    owner, former = await join(asgi), await join(asgi)
    job_id = await enqueue_alone(
        runtime.database,
        public,
        Order(),
        owner_id=UUID(former.user_id),
        team_id=UUID(owner.team_id),
        delay=60,
    )
    dead = "update job set state = 'dead', ended_at = now() where id = $1"
    await runtime.database.reads.fetch(dead, job_id)
    refused = await asgi.post(f"/v1/jobs/{job_id}/retry", headers=former.headers)
    assert (refused.status_code, refused.json()["code"]) == (404, "job_not_found")
    assert (await asgi.post(f"/v1/jobs/{job_id}/retry", headers=owner.headers)).status_code == 202


@pytest.mark.security
async def test_a_retry_asks_for_the_rights_of_a_start(asgi, join, runtime):
    owner, other = await join(asgi), await join(asgi)
    plan = {"key": "retried", "title": "Retried"}
    made = (await asgi.post("/v1/plans", json=plan, headers=owner.headers)).json()
    # The job is the other's by now, as if he had been a member.
    payload = ExportPayload(plan_id=UUID(made["id"]))
    owner_id = UUID(other.user_id)
    job_id = await enqueue_alone(runtime.database, export_plan, payload, owner_id=owner_id, delay=3600)
    dead = "update job set state = 'dead', ended_at = now() where id = $1"
    await runtime.database.reads.fetch(dead, job_id)
    assert (await asgi.post(f"/v1/jobs/{job_id}/retry", headers=other.headers)).status_code == 404
    assert (await asgi.get(f"/v1/jobs/{job_id}", headers=other.headers)).json()["state"] == "dead"


async def test_an_ended_job_is_cancelled_as_long_as_something_under_it_lives(asgi, join, runtime):
    person = await join(asgi)
    owner = UUID(person.user_id)
    root = await enqueue_alone(runtime.database, private, Order(), owner_id=owner, delay=60)
    async with runtime.database.transaction() as session:
        middle = await enqueue(session, private, Order(), owner_id=owner, parent_id=root, delay=60)
        leaf = await enqueue(session, private, Order(), owner_id=owner, parent_id=middle, delay=60)
    over = "update job set state = 'succeeded', ended_at = now() where id = any($1)"
    await runtime.database.reads.fetch(over, [root, middle])
    cancelled = await asgi.post(f"/v1/jobs/{root}/cancellation", headers=person.headers)
    assert cancelled.status_code == 202
    states = [
        (await asgi.get(f"/v1/jobs/{one}", headers=person.headers)).json()["state"]
        for one in (root, middle, leaf)
    ]
    assert states == ["succeeded", "succeeded", "cancelled"]
    again = await asgi.post(f"/v1/jobs/{root}/cancellation", headers=person.headers)
    assert (again.status_code, again.json()["code"]) == (409, "job_ended")


async def test_a_client_that_saw_the_end_goes_on_after_a_retry(asgi, join, runtime, monkeypatch):
    person = await join(asgi)
    location = await start(asgi, person)
    job_id = UUID(location[-36:])
    dead = "update job set state = 'dead', ended_at = now() where id = $1"
    await runtime.database.reads.fetch(dead, job_id)
    seen = {**person.headers, "Last-Event-ID": "0-ended-0"}
    assert (await asgi.get(f"{location}/events", headers=seen)).status_code == 204
    assert (await asgi.post(f"{location}/retry", headers=person.headers)).status_code == 202
    # A stream over ASGI is read to its end at once: it is cut after the first state.
    monkeypatch.setattr(operations_stream, "LONGEST_SECONDS", -1.0)
    goes_on = await asgi.get(f"{location}/events", headers=seen)
    assert (goes_on.status_code, goes_on.text.count("event: state")) == (200, 1)
    assert '"state":"queued"' in goes_on.text
    assert (await asgi.post(f"{location}/cancellation", headers=person.headers)).status_code == 202


async def test_a_client_that_saw_the_end_sees_what_follows_a_retry_and_nothing_twice(asgi, join, runtime):
    person = await join(asgi)
    async with working(runtime):
        location = await start(asgi, person, steps=2)
        await ended(asgi, person, location)
        # The same with a second attempt: as if the first had failed at its end.
        await runtime.database.reads.fetch(
            "update job set state = 'dead' where id = $1", UUID(location[-36:])
        )
        assert (await asgi.post(f"{location}/retry", headers=person.headers)).status_code == 202
        await ended(asgi, person, location)
    for last, ids in (("2-ended-1", ["3", "4", "4-ended-2"]), ("4-ended-1", ["4-ended-2"])):
        seen = {**person.headers, "Last-Event-ID": last}
        stream = await asgi.get(f"{location}/events", headers=seen)
        assert [line[4:] for line in stream.text.splitlines() if line.startswith("id: ")] == ids
    seen = {**person.headers, "Last-Event-ID": "4-ended-2"}
    assert (await asgi.get(f"{location}/events", headers=seen)).status_code == 204
