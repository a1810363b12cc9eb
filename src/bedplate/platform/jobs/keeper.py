import asyncio
import logging
import resource
import time
from collections.abc import Callable
from uuid import UUID

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs.ledger.leases import Held, look, renew
from bedplate.platform.jobs.runner import Runner

LOOK_SECONDS = 0.5
KIB = 1024
logger = logging.getLogger(__name__)


class Keeper:
    """Holds the leases of what runs here, and passes on what the ledger asks of it: stop, or let go.

    A cancellation is pushed; looking twice a second is for when the push is lost.
    """

    def __init__(
        self,
        pool: ReadPool,
        runner: Runner,
        *,
        worker: str,
        lease: float,
        memory_limit: int,
        on_full: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._runner = runner
        self._worker = worker
        self._lease = lease
        self._memory_limit = memory_limit
        self._on_full = on_full

    async def run(self) -> None:
        """Renew and look, until cancelled."""
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, self._lease / 3))
            due = time.monotonic() - renewed > self._lease / 3
            try:
                await self._look(renewing=due)
            except Exception as error:  # noqa: BLE001 - the lease bridges what lasts shorter than it
                logger.warning("leases cannot be renewed (%s)", type(error).__name__)
                continue
            if due:
                renewed = time.monotonic()
                self._check_memory()

    async def _look(self, *, renewing: bool) -> None:
        asked = {job_id: attempt.claim.attempt for job_id, attempt in self._runner.attempts.items()}
        if not asked:
            return
        jobs = list(asked)
        if renewing:
            held = await renew(self._pool, jobs, self._worker, self._lease)
        else:
            held = await look(self._pool, jobs, self._worker)
        self._obey(asked, {one.id: one for one in held})

    def _obey(self, asked: dict[UUID, int], held: dict[UUID, Held]) -> None:
        for job_id, attempt in list(self._runner.attempts.items()):
            if asked.get(job_id) != attempt.claim.attempt:
                continue
            found = held.get(job_id)
            if found is None or found.attempt != attempt.claim.attempt:
                # Ended in the meantime, or taken away: in either case the outcome's fence tells.
                attempt.stop("lost")
            elif found.cancel:
                attempt.stop("cancelled")

    def _check_memory(self) -> None:
        if self._memory_limit and resident_mib() > self._memory_limit:
            logger.warning("memory is over %d MiB: this worker drains and starts anew", self._memory_limit)
            self._on_full()


def resident_mib() -> float:
    """Memory that this process holds now; where the system does not say, the most it ever held."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - not a file on a disk
            pages = int(file.read().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB
    return pages * resource.getpagesize() / KIB / KIB
