"""The worker's entry point, wired by the same composition root as the API."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, nullcontext

from bedplate.app import cache_of, jobs_runtime, telemetry_of
from bedplate.platform.db import Database
from bedplate.platform.jobs import JobsRuntime, MemoryCarrier
from bedplate.platform.jobs.health import WorkerHealth
from bedplate.settings import Settings

HEALTH_HOST = "0.0.0.0"


async def work(settings: Settings, *, queues: Sequence[str] = (), inline: bool = False) -> bool:
    """Run a worker until SIGTERM or SIGINT; returns whether it ended to start anew.

    `inline` takes no Redis: this process finds jobs in the ledger itself, with the same semantics.
    """
    database = Database(settings.database, application="bedplate-worker")
    carrier = MemoryCarrier() if inline else None
    runtime = jobs_runtime(settings, database, carrier)
    async with (
        telemetry_of(settings, database).lifespan(),
        database.lifespan(),
        nullcontext() if inline else cache_of(settings, database).lifespan(),
        runtime.lifespan(),
    ):
        return await _until_signal(runtime, settings, queues)


async def run_due(settings: Settings) -> None:
    """Run in this process, without Redis, all that is due now."""
    database = Database(settings.database, application="bedplate-drain")
    runtime = jobs_runtime(settings, database, MemoryCarrier())
    async with database.lifespan(), runtime.lifespan():
        await runtime.run_until_idle()


async def _until_signal(runtime: JobsRuntime, settings: Settings, queues: Sequence[str]) -> bool:
    worker = runtime.worker(queues)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stopping.set)
    async with AsyncExitStack() as stack:
        if settings.jobs.health_port:
            health = WorkerHealth(worker, poll_interval=settings.jobs.poll_interval)
            await stack.enter_async_context(health.lifespan(HEALTH_HOST, settings.jobs.health_port))
        await worker.run()
    return worker.recycle


def start_anew() -> None:
    """Replace this process by a fresh one with the same command line: memory that leaked is gone."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line
