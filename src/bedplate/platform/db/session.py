import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.telemetry.spans import span

if TYPE_CHECKING:
    from bedplate.platform.db.database import Database

Transaction = AsyncSession
"""The request's session: one transaction, committed by its dependency and by nobody else."""

type Callback = Callable[[], Awaitable[None]]

_CALLBACKS = "after_commit"
_DATABASE = "database"
logger = logging.getLogger(__name__)


def after_commit(session: AsyncSession, callback: Callback) -> None:
    """Run a callback once the session's transaction is committed, and never when it is rolled back.

    What it does may be lost with the process: it may only hasten what the database already remembers.
    """
    session.info.setdefault(_CALLBACKS, []).append(callback)


def database_of(session: AsyncSession) -> "Database | None":
    """The database that lent the session; none, if it is another's."""
    return cast("Database | None", session.info.get(_DATABASE))


@asynccontextmanager
async def unit_of_work(session: AsyncSession, database: "Database") -> AsyncGenerator[AsyncSession]:
    """Lend a session for one transaction: commit at the end, roll back on an error, then run callbacks."""
    session.info[_DATABASE] = database
    try:
        yield session
        if session.in_transaction():
            with span("COMMIT", "client"):
                await session.commit()
    except BaseException:
        await session.rollback()
        raise
    finally:
        await session.close()
    for callback in cast("list[Callback]", session.info.get(_CALLBACKS, [])):
        try:
            await callback()
        except Exception:
            # The transaction stands; whatever the callback hastens is found by its relay.
            logger.exception("after_commit failed")


@asynccontextmanager
async def durably(session: AsyncSession) -> AsyncGenerator[AsyncSession]:
    """Open a transaction of its own for a write that must outlive the refusal that follows it.

    It has a pool of its own: taken from the request's, it could wait for the very request that waits for it.
    """
    database = cast("Database", session.info[_DATABASE])
    async with database.durable() as other:
        yield other
