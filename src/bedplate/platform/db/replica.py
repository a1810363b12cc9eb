"""Reads that bear a lag, from a streaming replica; each caller still reads what he wrote himself."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Protocol, cast
from uuid import UUID

import asyncpg

from bedplate.platform.background import in_background
from bedplate.platform.db.pool import GONE, ReadPool
from bedplate.platform.errors import Unavailable
from bedplate.platform.telemetry.metrics import counter, gauge

PERIOD = 0.2
PATIENCE = 2.0
NEVER = float("-inf")
PRIMARY = "select (pg_current_wal_insert_lsn() - '0/0')::bigint"
# Null on a server that is no replica: promoted, or a wrong URL.
REPLICA = "select case when pg_is_in_recovery() then (pg_last_wal_replay_lsn() - '0/0')::bigint end"
# The replica cancelled it to go on replaying.
CANCELLED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)

READS = counter("db_replica_reads_total", "Reads declared to bear a lag, by who answered.", ["server"])
LAG = gauge("db_replica_lag_seconds", "How far the replica is behind, at most.", mode="livemax")

logger = logging.getLogger(__name__)


class Marks(Protocol):
    """Where all processes remember how far each caller has written; what it raises means: not known."""

    async def set(self, caller: UUID, position: int) -> None:
        """Remember a position in the log for at least as long as a replica in use may be behind."""
        ...

    async def get(self, caller: UUID) -> int | None:
        """The position; None when he wrote nothing lately."""
        ...


class Progress:
    """How far the replica is behind, told by one clock and no server's: this process's own.

    At times the primary's position is noted. Once the replica has replayed it, the replica shows at least
    what was true at that time.
    """

    def __init__(self) -> None:
        self.replayed = -1
        self._shows = NEVER
        self._noted: deque[tuple[float, int]] = deque(maxlen=1000)

    def note(self, at: float, position: int) -> None:
        """The primary was at a position when the clock showed `at`, or later."""
        self._noted.append((at, position))

    def replay(self, position: int) -> None:
        """The replica is at a position now."""
        self.replayed = position
        while self._noted and self._noted[0][1] <= position:
            self._shows = self._noted.popleft()[0]

    def lost(self) -> None:
        """The replica is not there, or is none any more."""
        self.replayed, self._shows = -1, NEVER

    def lag(self, now: float) -> float:
        """Seconds; infinite before the first note was replayed."""
        return now - self._shows


class Replica:
    """Routes declared reads: to the replica when it is near enough and shows what the caller wrote."""

    def __init__(self, primary: ReadPool, pool: ReadPool, marks: Marks, *, max_lag: float) -> None:
        self.pool = pool
        self.progress = Progress()
        self._primary = primary
        self._marks = marks
        self._max_lag = max_lag

    async def wrote(self, caller: UUID) -> None:
        """Remember that the caller has just committed; until the replica shows it, the primary answers him.

        Raises:
            Exception: the mark cannot be kept; his next reads may show what was before.
        """
        row = cast("Any", await self._primary.fetchrow(PRIMARY))
        await self._marks.set(caller, row[0])

    async def shows(self, caller: UUID) -> bool:
        """Whether the replica may answer the caller now; when in doubt it may not."""
        if self.progress.lag(monotonic()) > self._max_lag:
            return False
        try:
            mark = await self._marks.get(caller)
        except Exception as error:  # noqa: BLE001 - whatever the store's fault is, the primary knows
            logger.debug("marks unknown (%s)", type(error).__name__)
            return False
        return mark is None or mark <= self.progress.replayed

    async def run(self, method: str, sql: str, arguments: Sequence[Any]) -> Any:
        """Read from the replica, and from the primary where that fails."""
        try:
            found = await getattr(self.pool, method)(sql, *arguments)
        except (*GONE, *CANCELLED, TimeoutError, Unavailable) as error:
            if not isinstance(error, CANCELLED):
                self.progress.lost()
            logger.warning("replica failed (%s): the primary answers", type(error).__name__)
            READS("primary").inc()
            return await getattr(self._primary, method)(sql, *arguments)
        READS("replica").inc()
        return found

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncGenerator[None]:
        """Follow both servers for as long as the application runs."""
        try:
            async with in_background(self._follow()):
                yield
        finally:
            await self.pool.close()

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.look()
            except Exception as error:  # noqa: BLE001 - what is not known to be near enough is not read
                logger.debug("replica not followed (%s)", type(error).__name__)
            LAG().set(min(self.progress.lag(monotonic()), 1e6))
            await asyncio.sleep(PERIOD)

    async def look(self) -> None:
        """Note where the primary is, then where the replica is."""
        at = monotonic()
        primary = cast("Any", await self._primary.fetchrow(PRIMARY))
        self.progress.note(at, primary[0])
        replica = cast("Any", await self.pool.fetchrow(REPLICA))
        if replica[0] is None:
            self.progress.lost()
        else:
            self.progress.replay(replica[0])


class CallersReads(ReadPool):
    """The read pool as one caller's request sees it: the primary's, and for declared reads perhaps the replica's."""

    def __init__(self, primary: ReadPool, replica: Replica, caller: UUID) -> None:
        self._primary_pool = primary
        self._replica = replica
        self._caller = caller
        self._shown: bool | None = None

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a statement on the primary."""
        return await self._primary_pool.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """Run a statement on the primary and return its first row."""
        return await self._primary_pool.fetchrow(sql, *arguments)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[asyncpg.Connection]:
        """Lend a connection of the primary."""
        async with self._primary_pool.connection() as connection:
            yield connection

    async def lagging(self, method: str, sql: str, arguments: Sequence[Any]) -> Any:
        """Run a declared read where the caller may; asked once a request, so that one answer is of one server."""
        if self._shown is None:
            self._shown = await self._replica.shows(self._caller)
        if self._shown:
            return await self._replica.run(method, sql, arguments)
        READS("primary").inc()
        return await getattr(self._primary_pool, method)(sql, *arguments)
