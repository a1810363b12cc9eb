import asyncio
import logging
from collections.abc import Sequence

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs import metrics
from bedplate.platform.jobs.ledger.scans import NOT_PAUSED
from bedplate.platform.jobs.presence import workers_alive

SECONDS = 5.0
# What more workers would do; a job that is paused or that a rate holds back waits on purpose.
QUEUES = f"""
select queue, count(*), extract(epoch from now() - min(available_at))::float8 from job
where state = 'queued' and not waiting and available_at <= now() and task <> all($1) and {NOT_PAUSED}
group by queue
"""  # noqa: S608 - no input is in it
DEAD = "select count(*) from job where state = 'dead'"
logger = logging.getLogger(__name__)


class QueueGauges:
    """Tells how long the queues are and how old; by every process, for with the workers gone it matters most."""

    def __init__(self, pool: ReadPool, *, queues: Sequence[str], rated: Sequence[str]) -> None:
        self._pool = pool
        self._queues = queues
        self._rated = rated

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the next look tries again, whatever it was
                logger.debug("queues not counted (%s)", type(error).__name__)
            await asyncio.sleep(SECONDS)

    async def look(self) -> None:
        """Count once; a queue that no task of this process uses is told, too."""
        found = {row[0]: (row[1], row[2]) for row in await self._pool.fetch(QUEUES, self._rated)}
        for queue in {*self._queues, *found}:
            depth, age = found.get(queue, (0, 0.0))
            metrics.DEPTH(queue).set(depth)
            metrics.OLDEST(queue).set(age)
        dead = await self._pool.fetchrow(DEAD)
        metrics.DEAD().set(dead[0] if dead else 0)
        metrics.WORKERS().set(await workers_alive(self._pool))
