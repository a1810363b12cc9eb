"""Jobs: enqueue to done against plain SAQ on the same Redis, commit to start, and both over finished rows.

`uv run python bench/jobs.py [--jobs 2000] [--rows 1000000]`: producer and worker share one process and core.
"""

import argparse
import asyncio
import logging
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import uvloop
from redis.asyncio import Redis
from saq import Worker
from saq.queue.redis import RedisQueue
from saq.types import Context

from bedplate.platform.db import Database, migrate
from bedplate.platform.embedded import Engines, EngineUrls
from bedplate.platform.jobs import Empty, JobContext, JobsRuntime, RedisCarrier, enqueue, task
from bedplate.settings import Secret
from bedplate.settings.database import DatabaseSettings
from bedplate.settings.jobs import JobsSettings

PRODUCERS = 32
CONCURRENCY = 32
LATENCIES = 500
ROUNDS = 4
FINISHED = """
insert into job (id, task, queue, state, payload, owner_id, available_at, attempt, max_attempts, started_at,
  attempt_started_at, ended_at, expires_at, result, worker)
select gen_random_uuid(), 'bench.old', 'default', 'succeeded', '{}', gen_random_uuid(), now(), 1, 5, now(), now(),
  now(), now() + interval '7 days', '{"document_id": 1}', 'bench'
from generate_series(1, $1)
"""


class Done:
    """Counts what ran, and when each began."""

    def __init__(self) -> None:
        self.count = 0
        self.began: asyncio.Queue[float] = asyncio.Queue()

    def note(self) -> None:
        self.count += 1
        self.began.put_nowait(time.perf_counter())


@task("bench.nothing", timeout=30)
async def nothing(ctx: JobContext, _payload: Empty) -> None:
    ctx.resource(Done).note()


async def rate(number: int, put: Callable[[], Awaitable[object]], done: Done) -> float:
    """Jobs a second from the first enqueuing to the last end."""
    target, left = done.count + number, iter(range(number))

    async def produce() -> None:
        for _ in left:
            await put()

    began = time.perf_counter()
    await asyncio.gather(*(produce() for _ in range(PRODUCERS)))
    while done.count < target:  # noqa: ASYNC110 - the bodies are counted, not awaited
        await asyncio.sleep(0.001)
    return number / (time.perf_counter() - began)


async def latency(put: Callable[[], Awaitable[object]], done: Done) -> float:
    """Milliseconds from the commit's return to the body's start, at the median, one job at a time."""
    while not done.began.empty():
        done.began.get_nowait()
    waits: list[float] = []
    for _ in range(LATENCIES):
        await put()
        committed = time.perf_counter()
        waits.append(await done.began.get() - committed)
        await asyncio.sleep(0.002)
    return statistics.median(waits) * 1000


async def plain(redis_url: str, number: int) -> float:
    """SAQ alone."""
    done = Done()
    queue = RedisQueue(
        Redis.from_url(redis_url, socket_timeout=None), name="plain", max_concurrent_ops=PRODUCERS
    )

    async def body(_context: Context) -> None:
        done.note()

    worker = Worker(queue, [("body", body)], concurrency=CONCURRENCY)
    worker.SIGNALS = []
    running = asyncio.create_task(worker.start())
    found = await rate(number, lambda: queue.enqueue("body"), done)
    worker.event.set()
    await running
    await queue.disconnect()
    return found


@asynccontextmanager
async def durable(urls: EngineUrls) -> AsyncGenerator[tuple[Callable[[], Awaitable[object]], Done]]:
    """Ours: a transaction a job."""
    done = Done()
    database = Database(DatabaseSettings(url=Secret(urls.database_url), pool_size=PRODUCERS))
    carrier = RedisCarrier(Redis.from_url(urls.redis_url, socket_timeout=None, protocol=3), "bench")
    settings = JobsSettings(concurrency=CONCURRENCY)
    runtime = JobsRuntime(database, settings, carrier, tasks=[nothing], resources={Done: done})

    async def put() -> None:
        async with database.transaction() as session:
            await enqueue(session, nothing, Empty())

    async with database.lifespan(), runtime.lifespan():
        worker = runtime.worker()
        running = asyncio.create_task(worker.run())
        yield put, done
        worker.stopping.set()
        await running


async def measure(urls: EngineUrls, number: int) -> tuple[float, float, float]:
    """Plain rate, durable rate, durable latency; the rates alternate and the best round of each counts."""
    plain_rates: list[float] = []
    durable_rates: list[float] = []
    async with durable(urls) as (put, done):
        await rate(200, put, done)
        for _ in range(ROUNDS):
            plain_rates.append(await plain(urls.redis_url, number))
            durable_rates.append(await rate(number, put, done))
        wait = await latency(put, done)
    return max(plain_rates), max(durable_rates), wait


async def finish(urls: EngineUrls, rows: int) -> None:
    """Fill the ledger with jobs that have ended, and let the disk come to rest."""
    owner = await asyncpg.connect(urls.owner_url)  # pyright: ignore[reportUnknownVariableType]
    await owner.execute(FINISHED, rows, timeout=600)
    await owner.execute("vacuum analyze job", timeout=600)
    await owner.close()
    superuser = await asyncpg.connect(urls.superuser_url)  # pyright: ignore[reportUnknownVariableType]
    await superuser.execute("checkpoint", timeout=600)
    await superuser.close()


def report(title: str, figures: tuple[float, float, float]) -> None:
    plain_rate, durable_rate, wait = figures
    print(
        f"{title:<24} plain SAQ {plain_rate:7.0f}/s   durable {durable_rate:7.0f}/s   "
        f"ratio {durable_rate / plain_rate:4.2f} (floor 0.5, aim 0.8)   commit to start {wait:.2f} ms (≤ 5)"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    logging.getLogger("saq").setLevel(logging.WARNING)
    folder = Path(tempfile.mkdtemp(prefix="bedplate-bench-"))
    engines = Engines(folder)
    urls = engines.start()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    try:
        migrate.upgrade(DatabaseSettings(url=Secret(urls.database_url), owner_url=Secret(urls.owner_url)))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report("empty ledger", runner.run(measure(urls, options.jobs)))
            if options.rows:
                runner.run(finish(urls, options.rows))
                report(f"{options.rows:,} finished rows", runner.run(measure(urls, options.jobs)))
    finally:
        engines.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
