import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Protocol
from uuid import UUID

from saq.job import Job as SaqJob
from saq.job import Status
from saq.queue.base import Queue
from saq.types import CountKind, QueueInfo, WorkerInfo

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs import metrics
from bedplate.platform.jobs.carrier import Carrier, Due
from bedplate.platform.jobs.ledger.claims import Claim

RUN = "run"
POP_SECONDS = 1.0
RETRY_SECONDS = 0.5
# Each part in the words of an index of unfinished rows.
QUEUED = """
select (select count(*) from job where queue = $1 and state = 'queued' and not waiting)
     + (select count(*) from job where queue = $1 and state = 'queued' and waiting)
"""
ACTIVE = "select count(*) from job where queue = $1 and state = 'running'"
KINDS = {"queued": [QUEUED], "active": [ACTIVE], "incomplete": [QUEUED, ACTIVE]}
logger = logging.getLogger(__name__)


class Claims(Protocol):
    """Turns announced jobs into attempts."""

    async def claim(self, ids: list[UUID]) -> list[Claim]: ...


class CarriedJob(SaqJob):
    """A SAQ job whose description is its key: SAQ renders one twice a job, whether it is logged or not."""

    def info(self, full: bool = False) -> str:  # noqa: FBT001, FBT002 - SAQ's signature
        del full
        return f"Job<{self.key}>"


class LedgerQueue(Queue):
    """SAQ's queue on the ledger: a SAQ job is an attempt that this worker has claimed.

    All that SAQ would keep in Redis about a job (status, attempts, result, error) the ledger keeps, so
    SAQ's own bookkeeping is answered with nothing. One fetcher serves all of the worker's idle slots: what
    is due is taken and claimed together, in one trip to the carrier and one to PostgreSQL.
    """

    def __init__(self, name: str, carrier: Carrier, reads: ReadPool, claims: Claims | None = None) -> None:
        super().__init__(name=name, dump=None, load=None)
        self._carrier = carrier
        self._reads = reads
        self._claims = claims
        self._idle: deque[asyncio.Future[Claim | None]] = deque()
        self._fetching: asyncio.Task[None] | None = None
        self._closed = False
        self._popping = False
        self.give_back: Callable[[Claim], Awaitable[None]] | None = None

    async def dequeue(self, timeout: float = 0.0, poll_interval: float = 0.0) -> SaqJob | None:  # noqa: ASYNC109 - SAQ's signature
        """Wait for an attempt to make; None once the intake is closed."""
        del timeout, poll_interval
        if self._closed:
            return None
        future = asyncio.get_running_loop().create_future()
        self._idle.append(future)
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch())
        claim = await future
        if claim is None:
            return None
        return CarriedJob(
            function=RUN, key=str(claim.id), queue=self, timeout=0, ttl=-1, kwargs={"claim": claim}
        )

    async def close_intake(self) -> None:
        """Take no more jobs: whoever waits gets nothing, and what arrives too late is given back."""
        self._closed = True
        while self._idle:
            future = self._idle.popleft()
            if not future.done():
                future.set_result(None)
        if self._fetching is not None:
            if self._popping:
                # What a cut pop may have taken stays queued in the ledger, and the relay finds it.
                self._fetching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._fetching

    async def _fetch(self) -> None:
        while self._idle:
            try:
                claims = await self._take()
            except Exception as error:  # noqa: BLE001 - a worker outlives whatever its servers do
                metrics.CARRIER_ERRORS().inc()
                logger.warning("queue %s cannot be read (%s)", self.name, type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for claim in claims:
                await self._deliver(claim)

    async def _take(self) -> list[Claim]:
        if self._claims is None:
            raise TypeError(f"Queue {self.name} was opened to enqueue, not to work")
        self._popping = True
        try:
            ids = await self._carrier.pop(self.name, len(self._idle), POP_SECONDS)
        finally:
            self._popping = False
        return await self._claims.claim(ids) if ids else []

    async def _deliver(self, claim: Claim) -> None:
        while self._idle:
            future = self._idle.popleft()
            if not future.done():
                future.set_result(claim)
                return
        if self.give_back is not None:
            await self.give_back(claim)

    async def count(self, kind: CountKind) -> int:
        rows = [await self._reads.fetch(statement, self.name) for statement in KINDS[kind]]
        return sum(int(row[0][0]) for row in rows)

    async def info(self, jobs: bool = False, offset: int = 0, limit: int = 10) -> QueueInfo:  # noqa: FBT001, FBT002 - SAQ's signature
        del jobs, offset, limit
        queued, active = await self.count("queued"), await self.count("active")
        return {
            "workers": {},
            "name": self.name,
            "queued": queued,
            "active": active,
            "scheduled": 0,
            "jobs": [],
        }

    async def _enqueue(self, job: SaqJob) -> SaqJob | None:
        await self._carrier.push([Due(UUID(job.key), self.name, job.priority, job.queued / 1000)])
        return job

    async def disconnect(self) -> None:
        await self._carrier.close()

    async def update(self, job: SaqJob, **kwargs: Any) -> None:
        for name, value in kwargs.items():
            setattr(job, name, value)

    async def _update(self, job: SaqJob, status: Status | None = None, **kwargs: Any) -> None: ...

    async def _retry(self, job: SaqJob, error: str | None) -> None: ...

    async def _finish(
        self, job: SaqJob, status: Status, *, result: Any = None, error: str | None = None
    ) -> None: ...

    async def abort(self, job: SaqJob, error: str, ttl: float = 5) -> None: ...

    async def sweep(self, lock: int = 60, abort: float = 5.0) -> list[str]:
        del lock, abort
        return []

    async def job(self, job_key: str) -> SaqJob | None:
        del job_key

    async def jobs(self, job_keys: Iterable[str]) -> list[SaqJob | None]:
        return [None for _ in job_keys]

    async def iter_jobs(
        self, statuses: list[Status] | None = None, batch_size: int = 100
    ) -> AsyncIterator[SaqJob]:
        del statuses, batch_size
        for job in ():
            yield job

    async def write_worker_info(self, worker_id: str, info: WorkerInfo, ttl: int) -> None: ...
