import asyncio
import logging
import os
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from bedplate.platform.db import Database, ReadPool, new_id
from bedplate.platform.db.listen import Listener
from bedplate.platform.db.pool import Connect, Connection
from bedplate.platform.jobs.carrier import Carrier
from bedplate.platform.jobs.control import CANCEL_CHANNEL
from bedplate.platform.jobs.handover import DUE_CHANNEL, Handover
from bedplate.platform.jobs.keeper import Keeper
from bedplate.platform.jobs.ledger.claims import Claim, Claimer, Limit
from bedplate.platform.jobs.ledger.outcomes import Outcome
from bedplate.platform.jobs.ledger.scans import due_limited
from bedplate.platform.jobs.presence import PRESENCE
from bedplate.platform.jobs.queue import LedgerQueue
from bedplate.platform.jobs.recorder import Recorder
from bedplate.platform.jobs.relay import Relay
from bedplate.platform.jobs.runner import STOP_SECONDS, Runner
from bedplate.platform.jobs.saq_worker import LedgerWorker
from bedplate.platform.jobs.schedules import Scheduler
from bedplate.platform.jobs.tasks import Tasks
from bedplate.platform.jobs.verdict import Judge
from bedplate.settings.jobs import JobsSettings

FAST_CONNECTIONS = 2
LEDGER_CONNECTIONS = 3
IDLE_SECONDS = 0.01
LEFT = """
select exists (select from job where state = 'running' and worker = $1)
    or exists (select from job where state = 'queued' and not waiting and available_at <= now()
                 and task = any($2) and queue = any($3)
                 and not exists (select from job_pause p where (p.kind = 'queue' and p.name = job.queue)
                                    or (p.kind = 'task' and p.name = job.task)))
"""
logger = logging.getLogger(__name__)


class JobsWorker:
    """A worker: SAQ's workers, one a queue, with the loops that keep the ledger true."""

    def __init__(
        self,
        database: Database,
        carrier: Carrier,
        settings: JobsSettings,
        tasks: Tasks,
        scheduler: Scheduler,
        resources: Mapping[type, object],
        queues: Sequence[str] = (),
    ) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{new_id().hex[-6:]}"
        self.stopping = asyncio.Event()
        self.recycle = False
        self._settings = settings
        self._tasks = [task.name for task in tasks.all()]
        timeout = database.settings.pool_timeout
        self._fast = ReadPool(_unsynced(database), size=FAST_CONNECTIONS, timeout=timeout)
        self._ledger = ReadPool(database.connect, size=LEDGER_CONNECTIONS, timeout=timeout)
        limits = [
            Limit(t.name, t.concurrency, t.rate.starts if t.rate else None, t.rate.period if t.rate else 0.0)
            for t in tasks.limited()
        ]
        self._carrier = carrier
        self._handover = Handover(carrier)
        self._recorder = Recorder(self._ledger, self.name, announce=self._handover.put, settings=settings)
        self.runner = Runner(database, tasks, resources, Judge(settings), self._recorder, freed=self._freed)
        self._claimer = Claimer(
            self._fast,
            worker=self.name,
            lease=settings.lease,
            tasks=self._tasks,
            freeing=tasks.freeing(),
            limits=limits,
        )
        self.queues = tuple(queues) or tuple(tasks.queues())
        self.relay = Relay(
            self._ledger,
            carrier,
            settings,
            worker=self.name,
            limits=limits,
            queues=self.queues,
            scheduler=scheduler,
            tasks=self._tasks,
        )
        self._limits = limits
        self._keeper = Keeper(
            self._fast,
            self.runner,
            worker=self.name,
            lease=settings.lease,
            memory_limit=settings.memory_limit,
            on_full=self._start_anew,
        )
        handlers = {CANCEL_CHANNEL: self._cancel, DUE_CHANNEL: self._wake}
        self.listener = Listener(database, handlers, self.wake, application=PRESENCE + self.name)

    async def run(self) -> None:
        """Work until `stopping` is set, then finish or give back what runs."""
        async with self._working() as workers:
            await self.stopping.wait()
            await self._drain(workers)

    async def run_until_idle(self) -> None:
        """Work until nothing is due, then end; retries, delayed jobs and what a rate holds back stay."""
        async with self._working() as workers:
            while await self._left():
                await self.relay.tick()
                await asyncio.sleep(IDLE_SECONDS)
            await self._drain(workers)

    @asynccontextmanager
    async def _working(self) -> "AsyncGenerator[list[LedgerWorker]]":
        workers = [self._worker(queue) for queue in self.queues]
        async with self.listener.lifespan():
            loops = [asyncio.create_task(self.relay.run()), asyncio.create_task(self._keeper.run())]
            running = [asyncio.create_task(worker.start()) for worker in workers]
            try:
                yield workers
                await asyncio.gather(*running)
            finally:
                for loop in (*loops, *running):
                    loop.cancel()
                await asyncio.gather(*loops, *running, return_exceptions=True)
                await self._recorder.idle(STOP_SECONDS)
                await self._handover.close()
                await self._fast.close()
                await self._ledger.close()

    def _worker(self, name: str) -> LedgerWorker:
        queue = LedgerQueue(name, self._carrier, self._ledger, self._claimer)
        queue.give_back = self._give_back
        settings = self._settings
        return LedgerWorker(queue, self.runner, concurrency=settings.concurrency, grace=settings.grace)

    async def _drain(self, workers: "list[LedgerWorker]") -> None:
        await asyncio.gather(*(worker.drain() for worker in workers))
        await self.runner.idle(self._settings.grace)
        for attempt in list(self.runner.attempts.values()):
            attempt.stop("drain")
        await self.runner.idle(STOP_SECONDS * 2)

    def _freed(self) -> None:
        self.relay.wake()

    async def _left(self) -> bool:
        if self.runner.attempts:
            return True
        rated = [limit for limit in self._limits if limit.starts is not None]
        names = {limit.task for limit in rated}
        others = [task for task in self._tasks if task not in names]
        row = await self._ledger.fetchrow(LEFT, self.name, others, self.queues)
        if row and row[0]:
            return True
        async with self._ledger.connection() as connection:
            for limit in rated:
                if await due_limited(connection, limit, self.queues):
                    return True
        return False

    async def _give_back(self, claim: Claim) -> None:
        await self._recorder.record(
            Outcome(
                id=claim.id,
                attempt=claim.attempt,
                state="queued",
                started_at=claim.started_at,
                ending="released",
                extra=1,
                error="The worker was stopped",
            )
        )

    def _start_anew(self) -> None:
        self.recycle = True
        self.stopping.set()

    async def wake(self) -> None:
        """Look at the ledger now."""
        self.relay.wake()

    async def _wake(self, _payload: str) -> None:
        self.relay.wake()

    async def _cancel(self, payload: str) -> None:
        self.runner.stop(UUID(payload))


def _unsynced(database: Database) -> Connect:
    async def connect() -> Connection:
        return await database.connect(synchronous_commit="off")

    return connect
