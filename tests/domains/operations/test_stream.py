"""A job followed over HTTP, through a served API, by a client that is cut again and again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest

from bedplate.domains.operations import stream as operations_stream
from bedplate.domains.operations.dependencies import provide_book
from bedplate.domains.operations.stream import KEEP_ALIVE, Still, event_stream
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Database
from bedplate.platform.jobs import (
    Empty,
    JobContext,
    JobsRuntime,
    MemoryCarrier,
    enqueue_alone,
    events,
    task,
)
from bedplate.settings import Settings
from fixtures.people import Join, Person

STEPS = 24
CUTS = (3, 1, 7, 5)


@task("test.paced", timeout=120)
async def paced(ctx: JobContext, _payload: Empty) -> None:
    for step in range(1, STEPS + 1):
        await ctx.resource(asyncio.Semaphore).acquire()
        await ctx.progress(step, f"step {step}")


@pytest.fixture
async def working(settings: Settings) -> AsyncIterator[JobsRuntime]:
    """A worker of this test's task on the served service's database."""
    database = Database(settings.database)
    pace = {asyncio.Semaphore: asyncio.Semaphore(0)}
    runtime = JobsRuntime(database, settings.jobs, MemoryCarrier(), tasks=[paced], resources=pace)
    async with database.lifespan(), runtime.lifespan():
        worker = runtime.worker()
        running = asyncio.create_task(worker.run())
        yield runtime
        for attempt in worker.runner.attempts.values():
            attempt.stop("drain")
        worker.stopping.set()
        await running


def allow(runtime: JobsRuntime, steps: int) -> None:
    pace = runtime.resources[asyncio.Semaphore]
    assert isinstance(pace, asyncio.Semaphore)
    for _ in range(steps):
        pace.release()


@asynccontextmanager
async def followed(
    client: httpx.AsyncClient, url: str, headers: dict[str, str], last: str | None
) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """The events of one connection; leaving cuts it."""
    resumed = {} if last is None else {"Last-Event-ID": last}
    async with client.stream("GET", url, headers={**headers, **resumed}) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "text/event-stream; charset=utf-8",
        )
        yield parsed(answer)


async def parsed(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    event: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
        elif "data" in event:
            yield event
            event = {}


async def test_a_client_that_is_cut_sees_each_step_once_and_in_order(client, join: Join, working):
    person = await join(client)
    job_id = await enqueue_alone(working.database, paced, Empty(), owner_id=UUID(person.user_id))
    url, seen, states, last = f"/v1/jobs/{job_id}/events", [], [], None
    for cut in CUTS:
        allow(working, cut)
        async with followed(client, url, person.headers, last) as stream:
            taken = 0
            async for event in stream:
                if event["event"] == "progress":
                    last, taken = event["id"], taken + 1
                    seen.append(event["id"])
                if taken == cut:
                    break
    # What happens while nobody is connected is told on the next connection, and so is the job's end.
    allow(working, STEPS)
    async with followed(client, url, person.headers, last) as stream:
        async for event in stream:
            (seen if event["event"] == "progress" else states).append(event.get("id", ""))
    assert seen == [str(number) for number in range(1, STEPS + 1)]
    assert states[-1] == f"{STEPS}-ended-1"
    over = await client.get(url, headers={**person.headers, "Last-Event-ID": states[-1]})
    assert over.status_code == 204


@pytest.mark.security
async def test_a_stream_is_its_owners(client, join: Join, working):
    owner, stranger = await join(client), await join(client)
    job_id = await enqueue_alone(working.database, paced, Empty(), owner_id=UUID(owner.user_id), delay=3600)
    url = f"/v1/jobs/{job_id}/events"
    answers = {
        "stranger": await client.get(url, headers=stranger.headers),
        "nobody": await client.get(url),
        "unknown": await client.get(f"/v1/jobs/{UUID(int=1)}/events", headers=owner.headers),
    }
    assert {who: answer.status_code for who, answer in answers.items()} == {
        "stranger": 404,
        "nobody": 401,
        "unknown": 404,
    }


def still(person: Person) -> Still:
    async def caller() -> Caller:
        return Caller(user_id=UUID(person.user_id))

    return caller


async def test_a_quiet_stream_is_kept_alive_and_ends_when_the_job_is_no_longer_ones_own(
    app, asgi, join: Join, monkeypatch
):
    monkeypatch.setattr(events, "KEEP_ALIVE_SECONDS", 0.01)
    person, jobs = await join(asgi), app.state.jobs
    job_id = await enqueue_alone(jobs.database, paced, Empty(), owner_id=UUID(person.user_id), delay=3600)
    stream = event_stream(jobs, provide_book(jobs), job_id, 0, still(person))
    async for part in stream:
        if part == KEEP_ALIVE:
            break
    await jobs.database.reads.fetch("update job set owner_id = null where id = $1", job_id)
    assert b"state" not in b"".join([part async for part in stream])


async def test_a_stream_of_a_job_that_reports_without_pause_ends_when_it_is_no_longer_ones_own(
    app, asgi, join: Join, monkeypatch
):
    monkeypatch.setattr(operations_stream, "LOOK_SECONDS", 0.0)
    person, jobs = await join(asgi), app.state.jobs
    job_id = await enqueue_alone(jobs.database, paced, Empty(), owner_id=UUID(person.user_id), delay=3600)
    report = "insert into job_event (job_id, seq, at, attempt, progress) values ($1, $2, now(), 1, 1)"
    for seq in (1, 2):
        await jobs.database.reads.fetch(report, job_id, seq)
    stream = event_stream(jobs, provide_book(jobs), job_id, 0, still(person))
    async for part in stream:
        if b"event: progress" in part:
            break
    await jobs.database.reads.fetch("update job set owner_id = null where id = $1", job_id)
    assert [part async for part in stream] == []
