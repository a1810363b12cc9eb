from collections.abc import Generator, Sequence
from contextlib import contextmanager
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.cache.models import CacheOutbox
from bedplate.platform.cache.relay import Relay
from bedplate.platform.db import Database, after_commit, new_id
from bedplate.platform.db.session import database_of

# Every write of what is cached makes this trip: as text it costs a quarter of what it does as an expression.
REMEMBER = text(
    f"insert into {CacheOutbox.__tablename__} (id, tags, created_at) "  # noqa: S608 - our own name
    "values (:id, cast(:tags as text[]), clock_timestamp())"
)
_PENDING = "cache_tags"


_relays: WeakKeyDictionary[Database, Relay] = WeakKeyDictionary()


@contextmanager
def relaying(database: Database, relay: Relay) -> Generator[None]:
    """Let what sessions of this database commit be bumped at once; a command has no relay, and leaves it to one."""
    _relays[database] = relay
    try:
        yield
    finally:
        if _relays.get(database) is relay:
            del _relays[database]


class _Pending(msgspec.Struct):
    """What a transaction has invalidated; `sure` are the tags whose row no savepoint can take back."""

    rows: list[tuple[UUID, Sequence[str]]]
    sure: set[str]


async def invalidate(session: AsyncSession, *tags: str) -> None:
    """End every cached answer and query that bears a tag, as soon as the transaction commits.

    The row that remembers it is part of the transaction; the tags are bumped before the answer leaves, and
    by a relay if the process dies in between.
    """
    pending = _pending(session)
    wanted = [tag for tag in dict.fromkeys(tags) if tag not in pending.sure]
    if not wanted:
        return
    row_id = new_id()
    await session.execute(REMEMBER, {"id": row_id, "tags": wanted})
    pending.rows.append((row_id, wanted))
    if not session.in_nested_transaction():
        pending.sure.update(wanted)


def _pending(session: AsyncSession) -> _Pending:
    found: _Pending | None = session.info.get(_PENDING)
    if found is not None:
        return found
    pending = session.info[_PENDING] = _Pending([], set())

    async def bump() -> None:
        del session.info[_PENDING]
        database = database_of(session)
        relay = None if database is None else _relays.get(database)
        if relay is not None and pending.rows:
            await relay.bump_now(pending.rows)

    after_commit(session, bump)
    return pending
