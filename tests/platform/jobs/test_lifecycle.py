import asyncio
import datetime as dt

import msgspec
import pytest

from bedplate.platform.db import utcnow
from bedplate.platform.jobs import JobContext, Permanent, enqueue, enqueue_many, task
from bedplate.platform.errors import Conflict, Unavailable

from .conftest import until, working


class Number(msgspec.Struct, forbid_unknown_fields=True):
    value: int


@task("test.double", payload=Number, timeout=10)
async def double(ctx: JobContext, payload: Number) -> dict[str, int]:
    return {"doubled": payload.value * 2, "attempt": ctx.attempt}


@task("test.flaky", payload=Number, timeout=10, max_attempts=3, retry_delay=0.01)
async def flaky(ctx: JobContext, payload: Number) -> None:
    if ctx.attempt <= payload.value:
        raise ValueError("secret")


@task("test.refused", timeout=10)
async def refused(_ctx: JobContext, _payload: object) -> None:
    raise Permanent("The document has no plan in it")


@task("test.conflict", timeout=10)
async def conflict(_ctx: JobContext, _payload: object) -> None:
    raise Conflict("Somebody was faster")


@task("test.unavailable", timeout=10, max_attempts=1)
async def unavailable(_ctx: JobContext, _payload: object) -> None:
    raise Unavailable("The store is away")


@task("test.slow", timeout=0.05, max_attempts=1)
async def slow(_ctx: JobContext, _payload: object) -> None:
    await asyncio.sleep(60)


async def test_a_job_runs_after_its_commit(database, make_runtime, ended):
    async with working(make_runtime(double)):
        async with database.transaction() as session:
            job_id = await enqueue(session, double, Number(21))
        row = await ended(job_id, "succeeded")
    assert msgspec.json.decode(row["result"]) == {"doubled": 42, "attempt": 1}
    assert row["progress"] == 100
    assert row["expires_at"] > utcnow()
