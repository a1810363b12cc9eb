"""Jobs: enqueue to done against plain SAQ, commit to start, and both over a ledger full of finished rows.

`uv run python bench/jobs.py [--jobs 300] [--rounds 6] [--rows 1000000]`: producer and worker share one process
and core. Plain SAQ, an empty ledger and a full one (of servers of its own) take turns, round by round and job
by job, and a figure is the median of its turns: whatever else the machine does weighs on all of them alike. The
CPU that a job costs in this process is told too. Exit code 1 when a promise is missed.
"""

import argparse
import asyncio
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import uvloop
from redis.asyncio import Redis
from saq import Worker
from saq.queue.redis import RedisQueue
from saq.types import Context

from bedplate.platform.db import Database, migrate
from bedplate.platform.embedded import Engines, EngineUrls
from bedplate.platform.jobs import Empty, JobContext, JobsRuntime, RedisCarrier, enqueue, enqueue_alone, task
from bedplate.settings import Secret
from bedplate.settings.database import DatabaseSettings
from bedplate.settings.jobs import JobsSettings

PRODUCERS = 32
CONCURRENCY = 32
LATENCIES = 300
FLOOR, AIM, PROMPT, SHARE = 0.5, 0.8, 5.0, 0.2
FINISHED = """
insert into job (id, task, queue, state, payload, owner_id, available_at, attempt, max_attempts, started_at,
  attempt_started_at, ended_at, expires_at, result, worker)
select gen_random_uuid(), 'bench.old', 'default', 'succeeded', '{}', gen_random_uuid(), now(), 1, 5, now(), now(),
  now(), now() + interval '7 days', '{"document_id": 1}', 'bench'
from generate_series(1, $1)
"""


type Put = Callable[[], Awaitable[object]]


class Done:
    """Counts what ran, and when each began."""

    def __init__(self) -> None:
        self.count = 0
        self.began: asyncio.Queue[float] = asyncio.Queue()

    def note(self) -> None:
        self.count += 1
        self.began.put_nowait(time.perf_counter())

    def forget(self) -> None:
        while not self.began.empty():
            self.began.get_nowait()


class Rate(NamedTuple):
    """Jobs a second, and what of this process's CPU one costs, in microseconds."""

    jobs: float
    cpu: float


class Ledger(NamedTuple):
    """Ours: a job in a caller's transaction, and one that belongs to no other write."""

    put: Put
    put_alone: Put
    done: Done


class Figures(NamedTuple):
    """Medians of a ledger: jobs within a transaction, alone, and milliseconds from commit to start."""

    within: Rate
    alone: Rate
    wait: float


@task("bench.nothing", timeout=30)
async def nothing(ctx: JobContext, _payload: Empty) -> None:
    ctx.resource(Done).note()


async def rate(number: int, put: Put, done: Done) -> Rate:
    """From the first enqueuing to the last end."""
    target, left = done.count + number, iter(range(number))

    async def produce() -> None:
        for _ in left:
            await put()

    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(produce() for _ in range(PRODUCERS)))
    while done.count < target:  # noqa: ASYNC110 - the bodies are counted, not awaited
        await asyncio.sleep(0.001)
    return Rate(number / (time.perf_counter() - began), (time.process_time() - used) / number * 1e6)


async def latencies(ledgers: Sequence[Ledger]) -> list[float]:
    """Milliseconds from the commit's return to the body's start, at the median of jobs that go one by one."""
    waits: list[list[float]] = [[] for _ in ledgers]
    for ledger in ledgers:
        ledger.done.forget()
    for _ in range(LATENCIES):
        for ledger, mine in zip(ledgers, waits, strict=True):
            await ledger.put()
            committed = time.perf_counter()
            mine.append(await ledger.done.began.get() - committed)
            await asyncio.sleep(0.002)
    return [statistics.median(mine) * 1000 for mine in waits]


async def plain(redis_url: str, number: int) -> Rate:
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
async def durable(urls: EngineUrls) -> AsyncGenerator[Ledger]:
    """A ledger, and a worker on it."""
    done = Done()
    database = Database(DatabaseSettings(url=Secret(urls.database_url), pool_size=PRODUCERS))
    carrier = RedisCarrier(Redis.from_url(urls.redis_url, socket_timeout=None, protocol=3), "bench")
    settings = JobsSettings(concurrency=CONCURRENCY)
    runtime = JobsRuntime(database, settings, carrier, tasks=[nothing], resources={Done: done})

    async def put() -> None:
        async with database.transaction() as session:
            await enqueue(session, nothing, Empty())

    async def put_alone() -> None:
        await enqueue_alone(database, nothing, Empty())

    async with database.lifespan(), runtime.lifespan():
        worker = runtime.worker()
        running = asyncio.create_task(worker.run())
        yield Ledger(put, put_alone, done)
        worker.stopping.set()
        await running


async def measure(servers: Sequence[EngineUrls], number: int, rounds: int) -> tuple[Rate, list[Figures]]:
    """Medians of plain SAQ, and of a ledger on each of the servers."""
    plains: list[Rate] = []
    async with AsyncExitStack() as stack:
        ledgers = [await stack.enter_async_context(durable(urls)) for urls in servers]
        turns: list[list[tuple[Rate, Rate]]] = [[] for _ in ledgers]
        for _ in range(rounds):
            plains.append(await plain(servers[0].redis_url, number))
            for ledger, mine in zip(ledgers, turns, strict=True):
                within = await rate(number, ledger.put, ledger.done)
                mine.append((within, await rate(number, ledger.put_alone, ledger.done)))
        waits = await latencies(ledgers)
    figures = [
        Figures(middle([within for within, _ in mine]), middle([alone for _, alone in mine]), wait)
        for mine, wait in zip(turns, waits, strict=True)
    ]
    return middle(plains), figures


def middle(rates: list[Rate]) -> Rate:
    """The median of each of the two figures."""
    return Rate(statistics.median(one.jobs for one in rates), statistics.median(one.cpu for one in rates))


async def finish(urls: EngineUrls, rows: int) -> None:
    """Fill the ledger with jobs that have ended, and let the disk come to rest."""
    owner = await asyncpg.connect(urls.owner_url)  # pyright: ignore[reportUnknownVariableType]
    await owner.execute(FINISHED, rows, timeout=600)
    await owner.execute("vacuum analyze job", timeout=600)
    await owner.close()
    superuser = await asyncpg.connect(urls.superuser_url)  # pyright: ignore[reportUnknownVariableType]
    await superuser.execute("checkpoint", timeout=600)
    await superuser.close()


def report(saq: Rate, ledgers: Mapping[str, Figures]) -> None:
    line(saq, "plain SAQ", saq)
    for title, found in ledgers.items():
        print(title)
        line(saq, "in a transaction", found.within)
        line(saq, "alone", found.alone)
        print(f"  commit to start {found.wait:8.2f} ms")


def line(saq: Rate, name: str, one: Rate) -> None:
    ratio, cost = one.jobs / saq.jobs, one.cpu / saq.cpu
    print(
        f"  {name:<16} {one.jobs:6.0f} jobs/s ({ratio:4.2f} of plain)   {one.cpu:5.0f} µs CPU ({cost:4.2f})"
    )


def judge(saq: Rate, empty: Figures, full: Figures) -> bool:
    """Hold the figures against what is promised; returns whether all of it holds."""
    ratio = empty.within.jobs / saq.jobs
    rate_moved, wait_moved = full.within.jobs / empty.within.jobs - 1, full.wait / empty.wait - 1
    promises = (
        (ratio >= FLOOR, f"{ratio:.2f} of plain SAQ: floor {FLOOR}, aim {AIM}"),
        (empty.wait <= PROMPT, f"{empty.wait:.2f} ms from commit to start: at most {PROMPT:g}"),
        (rate_moved >= -SHARE, f"{rate_moved:+.0%} jobs/s over finished rows: at most -{SHARE:.0%}"),
        (wait_moved <= SHARE, f"{wait_moved:+.0%} from commit to start over them: at most +{SHARE:.0%}"),
    )
    for holds, told in promises:
        print("holds " if holds else "MISSED", told)
    return all(holds for holds, _ in promises)


@contextmanager
def servers_of(number: int) -> Generator[list[EngineUrls]]:
    """So many pairs of servers, migrated."""
    with ExitStack() as stack:
        found: list[EngineUrls] = []
        for _ in range(number):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bedplate-bench-")))
            engines = Engines(folder)
            urls = engines.start()
            stack.callback(engines.stop)
            settings = DatabaseSettings(url=Secret(urls.database_url), owner_url=Secret(urls.owner_url))
            migrate.upgrade(settings)
            found.append(urls)
        yield found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    logging.getLogger("saq").setLevel(logging.ERROR)
    with servers_of(2) as servers, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        runner.run(finish(servers[1], options.rows))
        saq, (empty, full) = runner.run(measure(servers, options.jobs, options.rounds))
    report(saq, {"empty ledger": empty, f"{options.rows:,} finished rows": full})
    sys.exit(0 if judge(saq, empty, full) else 1)


if __name__ == "__main__":
    main()
