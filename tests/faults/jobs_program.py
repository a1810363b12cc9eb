"""A process of the fault suite: feeds jobs, or works on them. `python jobs_program.py feed|work …`."""

import asyncio
import logging
import random
import signal
import sys
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from sqlalchemy import text

from bedplate.platform.db import Database
from bedplate.platform.jobs import (
    Empty,
    JobContext,
    JobsRuntime,
    RedisCarrier,
    Schedule,
    enqueue,
    enqueue_many,
    task,
)
from bedplate.settings import Secret
from bedplate.settings.database import DatabaseSettings
from bedplate.settings.jobs import JobsSettings

BATCH = 20
SETTINGS = JobsSettings(poll_interval=0.5, lease=3.0, grace=2.0, concurrency=10)
EFFECT = text("insert into effect (job_id) values (:id)")
INTENDED = text("insert into intended (job_id) select unnest(cast(:ids as uuid[]))")
ROLLED_BACK = text("insert into rolled_back (job_id) select unnest(cast(:ids as uuid[]))")
UNWANTED = text("insert into unwanted (job_id) values (:id)")
DOOMED = 3
logger = logging.getLogger("faults")


class RolledBack(Exception):  # noqa: N818 - an outcome, named as one
    """Ends a transaction after it has enqueued; `ids` are the jobs that must never run."""

    def __init__(self, ids: list[UUID]) -> None:
        super().__init__()
        self.ids = ids


class Number(msgspec.Struct):
    value: int


@task("faults.effect", payload=Number, timeout=20, max_attempts=1000, retry_delay=0.05, retry_max=0.5)
async def effect(ctx: JobContext, payload: Number) -> int:
    async with ctx.once("effect") as session:
        if session is not None:
            await session.execute(EFFECT, {"id": ctx.job_id})
    await asyncio.sleep(random.uniform(0, 0.25))  # noqa: S311 - a length of work
    await ctx.progress(50, "half")
    return payload.value


@task("faults.unwanted", payload=Number, timeout=20)
async def unwanted(ctx: JobContext, _payload: Number) -> None:
    async with ctx.database.transaction() as session:
        await session.execute(UNWANTED, {"id": ctx.job_id})


@task("faults.endless", payload=Number, timeout=600, max_attempts=1000)
async def endless(_ctx: JobContext, _payload: Number) -> None:
    await asyncio.Event().wait()


@task("faults.tick", timeout=20, payload=Empty)
async def tick(_ctx: JobContext, _payload: Empty) -> None: ...


RARELY = Schedule(name="faults.tick", task=tick, cron="0 0 1 1 *")
TASKS = (effect, unwanted, endless, tick)


def make_runtime(database_url: str, redis_url: str, *schedules: Schedule) -> JobsRuntime:
    database = Database(DatabaseSettings(url=Secret(database_url), pool_size=5, connect_timeout=2))
    redis = Redis.from_url(redis_url, socket_timeout=None, protocol=3)
    carrier = RedisCarrier(redis, "faults")
    return JobsRuntime(database, SETTINGS, carrier, tasks=TASKS, schedules=schedules)


async def feed(runtime: JobsRuntime, number: int, seconds: float) -> None:
    """Commit jobs in small transactions, evenly over the time; what fails is tried anew.

    Before each, others are enqueued in a transaction that is rolled back.
    """
    loop = asyncio.get_running_loop()
    began, written = loop.time(), 0
    async with runtime.lifespan():
        while written < number:
            await asyncio.sleep(max(0.0, began + seconds * written / number - loop.time()))
            try:
                gone = await roll_back(runtime)
                async with runtime.database.transaction() as session:
                    ids = await enqueue_many(session, effect, [Number(value) for value in range(BATCH)])
                    await session.execute(INTENDED, {"ids": ids})
                    await session.execute(ROLLED_BACK, {"ids": gone})
            except Exception as error:  # noqa: BLE001 - the servers are being shot at
                logger.warning("feed: %s", type(error).__name__)
                await asyncio.sleep(0.1)
                continue
            written += BATCH
    await runtime.database.close()


async def roll_back(runtime: JobsRuntime) -> list[UUID]:
    """Enqueue jobs in a transaction that raises; returns the ids that must never run."""
    try:
        await enqueue_and_fail(runtime)
    except RolledBack as gone:
        return gone.ids
    return []


async def enqueue_and_fail(runtime: JobsRuntime) -> None:
    async with runtime.database.transaction() as session:
        raise RolledBack(await enqueue_many(session, unwanted, [Number(0)] * DOOMED))


async def work(runtime: JobsRuntime) -> None:
    worker = runtime.worker()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stopping.set)
    async with runtime.lifespan():
        await worker.run()
    await runtime.database.close()


async def watched(program: Coroutine[Any, Any, None]) -> None:
    """Run it; SIGUSR1 prints where each of its tasks stands, should one hang."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print_tasks)
    await program


def print_tasks() -> None:
    for running in asyncio.all_tasks():
        running.print_stack(file=sys.stderr)


def main(mode: str, database_url: str, redis_url: str, *rest: str) -> None:
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    schedules = (RARELY,) if mode == "work-by-the-clock" else ()
    runtime = make_runtime(database_url, redis_url, *schedules)
    if mode == "feed":
        asyncio.run(watched(feed(runtime, int(rest[0]), float(rest[1]))))
    elif mode == "put-and-die":
        asyncio.run(put_and_die(runtime))
    else:
        asyncio.run(watched(work(runtime)))


async def put_and_die(runtime: JobsRuntime) -> None:
    """Commit a job and end by SIGKILL before it is handed over."""
    async with runtime.lifespan():
        async with runtime.database.transaction() as session:
            await enqueue(session, effect, Number(1))
        signal.raise_signal(signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
