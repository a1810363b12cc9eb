import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs import metrics
from bedplate.platform.jobs.carrier import Carrier
from bedplate.platform.jobs.control import CANCEL_CHANNEL
from bedplate.platform.jobs.ledger.claims import LOCK_TASK, Limit
from bedplate.platform.jobs.ledger.joins import settle, waiting_after
from bedplate.platform.jobs.ledger.leases import reap
from bedplate.platform.jobs.ledger.rows import FIRST
from bedplate.platform.jobs.ledger.scans import (
    BEGINNING,
    due_after,
    due_limited,
    free_unlimited,
    limit_anew,
    next_due,
    sweep,
)
from bedplate.platform.jobs.ledger.trees import cancel_below, forsaking
from bedplate.platform.jobs.models import ENDED
from bedplate.platform.jobs.schedules import Scheduler
from bedplate.settings.jobs import JobsSettings

PAGE = 5000
JOINS = 200
LIVING = 1000
SWEEP_ROWS = 1000
SHORTEST = 0.02
logger = logging.getLogger(__name__)


class Relay:
    """Finds in the ledger what nobody announced: missed handovers, due retries, lost workers' jobs.

    Every worker has one; they agree by row locks, and elect the one that scans for due jobs.
    """

    def __init__(
        self,
        pool: ReadPool,
        carrier: Carrier,
        settings: JobsSettings,
        *,
        worker: str,
        limits: Sequence[Limit],
        queues: Sequence[str],
        scheduler: Scheduler,
        tasks: Sequence[str],
    ) -> None:
        self._pool = pool
        self._carrier = carrier
        self._settings = settings
        self._worker = worker
        self._limits = limits
        self._queues = queues
        self._scheduler = scheduler
        limited = [limit.task for limit in limits]
        self._free, self._limited_tasks = [task for task in tasks if task not in limited], limited
        self._is_limited_anew = False
        self._place = BEGINNING
        self._join = self._child = FIRST
        self._woken = asyncio.Event()
        self.ticked_at = time.monotonic()
        """When the ledger last answered."""
        self.failing: set[str] = set()
        """What failed at the last look: `due` needs the carrier, all others the ledger alone."""

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self._woken.clear()
            await self.tick()
            await self._rest()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def tick(self) -> None:
        """Look once; a part that fails does not keep the others from looking."""
        parts = (
            self._reap,
            self._below,
            self._settle,
            self._schedules,
            self._due,
            self._limited,
            self._sweep,
        )
        self.failing = {_name(part) for part in parts if not await self._guarded(part)}
        if "reap" not in self.failing:
            self.ticked_at = time.monotonic()

    async def _guarded(self, part: Callable[[], Awaitable[None]]) -> bool:
        try:
            await part()
        except Exception as error:  # noqa: BLE001 - the next tick tries again, whatever it was
            logger.warning("relay: %s failed (%s: %s)", _name(part), type(error).__name__, error)
            return False
        return True

    async def _rest(self) -> None:
        seconds = self._settings.poll_interval
        try:
            following = await next_due(self._pool)
            if following is not None:
                seconds = min(seconds, max(SHORTEST, following))
        except Exception as error:  # noqa: BLE001 - then the usual interval will do
            logger.debug("relay: next due unknown (%s)", type(error).__name__)
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _reap(self) -> None:
        settings = self._settings
        lost = await reap(
            self._pool, keep_cancelled=settings.keep_cancelled, keep_failed=settings.keep_failed
        )
        for job in lost:
            metrics.LOST(job.task).inc()
            if job.state in ENDED:
                metrics.ENDED(job.task, job.state).inc()
            logger.warning("job %s (%s): worker %s was lost, now %s", job.id, job.task, job.worker, job.state)

    async def _below(self) -> None:
        cancelled, self._child = await forsaking(self._pool, self._child, LIVING)
        await cancel_below(self._pool, cancelled, keep=self._settings.keep_cancelled, channel=CANCEL_CHANNEL)

    async def _settle(self) -> None:
        joins, self._join = await waiting_after(self._pool, self._join, JOINS)
        due = await settle(self._pool, joins, self._settings.keep_cancelled)
        if due:
            await self._carrier.push(due)

    async def _schedules(self) -> None:
        await self._scheduler.fire_due()

    async def _due(self) -> None:
        # Announcing again what is announced already is harmless, and cheaper than asking whether it is.
        if not await self._carrier.elect(self._worker, self._settings.poll_interval * 3):
            return
        due, self._place = await due_after(self._pool, self._place, PAGE)
        if due:
            await self._carrier.push(due)

    async def _limited(self) -> None:
        if not self._is_limited_anew:
            await limit_anew(self._pool, free=self._free, limited=self._limited_tasks)
            self._is_limited_anew = True
        await free_unlimited(self._pool, self._free, PAGE)
        for limit in self._limits:
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(LOCK_TASK, limit.task)
                due = await due_limited(connection, limit, self._queues)
            if due:
                await self._carrier.push(due)

    async def _sweep(self) -> None:
        await sweep(self._pool, SWEEP_ROWS)


def _name(part: Callable[[], Awaitable[None]]) -> str:
    return getattr(part, "__name__", "part").strip("_")
