import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Final, cast
from weakref import WeakKeyDictionary

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.db import Database, after_commit
from bedplate.platform.jobs.carrier import Carrier, Due
from bedplate.platform.telemetry import span

DUE_CHANNEL: Final = "bedplate_job_due"
WAKE = f"select pg_notify('{DUE_CHANNEL}', '')"
NOTIFY = text(WAKE)
_PENDING = "jobs_due"
logger = logging.getLogger(__name__)


class Handover:
    """Announces committed jobs to the carrier: what piles up during one trip shares the next.

    Nothing waits for it and nothing depends on it: what it fails to announce, the relay finds.
    """

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._pending: list[Due] = []
        self._flushing: asyncio.Task[None] | None = None

    def put(self, jobs: Sequence[Due]) -> None:
        """Announce jobs soon."""
        if not jobs:
            return
        self._pending.extend(jobs)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._flushing is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._flushing

    async def _flush(self) -> None:
        while self._pending:
            jobs, self._pending = self._pending, []
            try:
                await self._carrier.push(jobs)
            except Exception as error:  # noqa: BLE001 - whatever it is, the relay hands them over
                logger.warning("handover of %d jobs failed (%s)", len(jobs), type(error).__name__)


_handovers: WeakKeyDictionary[Database, Handover] = WeakKeyDictionary()


def register_handover(database: Database, handover: Handover | None) -> None:
    """Let sessions of this database announce their jobs at once; None ends it."""
    if handover is None:
        _handovers.pop(database, None)
    else:
        _handovers[database] = handover


async def announce(session: AsyncSession, jobs: Sequence[Due]) -> None:
    """Announce jobs once the session has committed; without a handover here, wake a worker's relay."""
    if not jobs:
        return
    database = cast("Database | None", session.info.get("database"))
    handover = _handovers.get(database) if database is not None else None
    if handover is None:
        await session.execute(NOTIFY)
        return
    pending = cast("list[Due]", session.info.setdefault(_PENDING, []))
    if not pending:

        async def hand_over() -> None:
            with span("jobs.hand_over", "producer", jobs=len(pending)):
                handover.put(pending)

        after_commit(session, hand_over)
    pending.extend(jobs)


async def announce_committed(database: Database, jobs: Sequence[Due]) -> None:
    """Announce jobs that are in the ledger already; without a handover here, wake a worker's relay."""
    if not jobs:
        return
    handover = _handovers.get(database)
    if handover is None:
        await database.reads.fetch(WAKE)
    else:
        handover.put(jobs)
