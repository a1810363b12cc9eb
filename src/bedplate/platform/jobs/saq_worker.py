import asyncio
from asyncio import Task as AsyncTask

from litestar_saq.base import Worker
from saq.types import Context

from bedplate.platform.jobs.ledger.claims import Claim
from bedplate.platform.jobs.queue import RUN, LedgerQueue
from bedplate.platform.jobs.runner import Runner


class LedgerWorker(Worker):
    """SAQ's worker, without the upkeep that the relay does on the ledger.

    SAQ would sleep out its sweep timer when it ends, and takes signals for itself; ours drains first.
    """

    SIGNALS = []  # noqa: RUF012 - SAQ's own declaration

    def __init__(self, queue: LedgerQueue, runner: Runner, *, concurrency: int, grace: float) -> None:
        async def run(_context: Context, *, claim: Claim) -> None:
            await runner.run(claim)

        super().__init__(
            queue,
            [(RUN, run)],
            concurrency=concurrency,
            shutdown_grace_period_s=int(grace) + 10,
            enable_heartbeat_manager=False,
        )
        self.intake = queue

    async def upkeep(self) -> "list[AsyncTask[None]]":
        return []

    async def drain(self) -> None:
        """Begin nothing more; `start` returns when what runs has ended."""
        self.event.set()
        await asyncio.shield(self.intake.close_intake())
