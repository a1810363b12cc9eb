import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from bedplate.platform.background import in_background
from bedplate.platform.cache.metrics import INVALIDATIONS
from bedplate.platform.db import Database
from bedplate.platform.redis import DOWN

POLL, OVERDUE = 0.5, 1.0
PAGE = 500
TAKE = (
    "delete from cache_outbox where id in (select id from cache_outbox"
    " where created_at <= clock_timestamp() - make_interval(secs => $1) order by id limit $2"
    " for update skip locked) returning tags"
)
BY_COMMIT, BY_RELAY = INVALIDATIONS("commit").inc, INVALIDATIONS("relay").inc
logger = logging.getLogger(__name__)

type Bump = Callable[[Sequence[str]], Awaitable[None]]


class Relay:
    """Bumps what was committed: at once where the process lives, else by whoever finds the row.

    Rows that were bumped at once are deleted together, twice a second; a bump that comes twice is harmless.
    """

    def __init__(
        self,
        database: Database,
        bump: Bump,
        *,
        is_usable: Callable[[], bool],
        recovered: Callable[[], None],
        lost: Callable[[BaseException], None],
    ) -> None:
        self._database = database
        self._bump = bump
        self._is_usable = is_usable
        self._recovered = recovered
        self._lost = lost
        self._done: list[UUID] = []

    async def bump_now(self, rows: Sequence[tuple[UUID, Sequence[str]]]) -> None:
        """Bump the tags of a transaction that has just committed."""
        tags = list(dict.fromkeys(tag for _, tags in rows for tag in tags))
        try:
            await self._bump(tags)
        except DOWN as error:
            self._lost(error)
            return
        BY_COMMIT(len(tags))
        self._done += [identity for identity, _ in rows]

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Sweep for as long as the application runs."""
        try:
            async with in_background(self._run()):
                yield
        finally:
            with contextlib.suppress(Exception):
                await self._delete_done()

    async def sweep(self, overdue: float) -> int:
        """Bump what nobody has bumped for so many seconds; a row stays until its tags are."""
        async with self._database.durable() as session:
            connection = await session.connection()
            rows = (await connection.exec_driver_sql(TAKE, (overdue, PAGE))).fetchall()
            tags = list(dict.fromkeys(tag for row in rows for tag in row[0]))
            if tags:
                await self._bump(tags)
                BY_RELAY(len(tags))
        return len(rows)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(POLL)
            try:
                await self._turn()
            except DOWN as error:
                self._lost(error)
            except Exception:
                logger.exception("cache: the relay's turn failed")

    async def _turn(self) -> None:
        if self._is_usable():
            await self._delete_done()
            while await self.sweep(OVERDUE) == PAGE:
                pass
            return
        # What committed while the store was away comes first: it still holds the values of before. So does what was
        # bumped just before, for the store may have lost that.
        self._done.clear()
        while await self.sweep(0.0) == PAGE:
            pass
        await self._bump([])
        self._recovered()

    async def _delete_done(self) -> None:
        done, self._done = self._done, []
        if done:
            async with self._database.durable() as session:
                connection = await session.connection()
                await connection.exec_driver_sql("delete from cache_outbox where id = any($1)", (done,))
