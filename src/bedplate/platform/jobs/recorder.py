import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from msgspec import structs

from bedplate.platform.db import ReadPool
from bedplate.platform.db.pool import GONE
from bedplate.platform.errors import Unavailable
from bedplate.platform.jobs.carrier import Due
from bedplate.platform.jobs.control import CANCEL_CHANNEL
from bedplate.platform.jobs.ledger.joins import settle
from bedplate.platform.jobs.ledger.outcomes import Outcome, Recorded, record
from bedplate.platform.jobs.ledger.trees import cancel_below
from bedplate.settings.jobs import JobsSettings

RETRY_SECONDS = 0.2
REFUSED = "What came of it cannot be kept"
logger = logging.getLogger(__name__)

type Waiting = tuple[Outcome, asyncio.Future[Recorded | None]]


class Recorder:
    """Writes outcomes to the ledger: those that arrive during one write share the next.

    While PostgreSQL is away it tries again and again; when the lease has run out by then, the attempt was
    superseded and the write changes nothing.
    """

    def __init__(
        self, pool: ReadPool, worker: str, *, announce: Callable[[list[Due]], None], settings: JobsSettings
    ) -> None:
        self._pool = pool
        self._worker = worker
        self._announce = announce
        self._settings = settings
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, outcome: Outcome) -> Recorded | None:
        """Write an outcome and return what the ledger holds now; None: the attempt was superseded."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await asyncio.shield(future)

    async def idle(self, seconds: float) -> None:
        """Wait until all is written and what follows from it is done, but only so long."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=seconds)

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            recorded = await self._write([outcome for outcome, _ in batch])
            found = {one.id: one for one in recorded}
            for outcome, future in batch:
                if not future.done():
                    future.set_result(found.get(outcome.id))
            self._announce(
                [_due(one) for one in recorded if one.ending == "released" and one.state == "queued"]
            )
            await self._cancel_below([one.id for one in recorded if one.asked])
            await self._settle([one.join_id for one in recorded if one.join_id and one.state != "queued"])

    async def _write(self, outcomes: list[Outcome]) -> list[Recorded]:
        while True:
            try:
                async with self._pool.connection() as connection:
                    return await record(
                        connection, outcomes, self._worker, inline=self._settings.inline_result
                    )
            except (*GONE, TimeoutError, Unavailable) as error:
                logger.warning("recording %d outcomes failed (%s)", len(outcomes), type(error).__name__)
            except Exception:
                if len(outcomes) == 1:
                    logger.exception("outcome of job %s cannot be recorded", outcomes[0].id)
                    return await self._write_refused(outcomes[0])
                # One that the ledger refuses must not take the others with it.
                return [one for outcome in outcomes for one in await self._write([outcome])]
            await asyncio.sleep(RETRY_SECONDS)

    async def _write_refused(self, outcome: Outcome) -> list[Recorded]:
        # PostgreSQL keeps no NUL character, for one; another attempt would end the same way.
        if outcome.error == REFUSED:
            return []
        plain = structs.replace(
            outcome, state="failed", ending="permanent", result=None, error=REFUSED, detail=None
        )
        return await self._write([plain])

    async def _cancel_below(self, ids: list[UUID]) -> None:
        try:
            await cancel_below(self._pool, ids, keep=self._settings.keep_cancelled, channel=CANCEL_CHANNEL)
        except Exception as error:  # noqa: BLE001 - the relay finds what lives on
            logger.warning("cancelling below %d jobs failed (%s)", len(ids), type(error).__name__)

    async def _settle(self, joins: list[UUID]) -> None:
        if not joins:
            return
        try:
            self._announce(await settle(self._pool, joins, self._settings.keep_cancelled))
        except Exception as error:  # noqa: BLE001 - the relay settles what is left
            logger.warning("settling joins failed (%s)", type(error).__name__)


def _due(given_back: Recorded) -> Due:
    return Due(given_back.id, given_back.queue, given_back.priority, given_back.available_at)
