from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.cache.models import CacheOutbox
from bedplate.platform.cache.relay import Relay
from bedplate.platform.db import after_commit, new_id, utcnow

_PENDING = "cache_tags"


class _Process:
    """The relay of this process, once its application runs; a command line has none, and leaves it to one."""

    relay: Relay | None = None


PROCESS = _Process()


async def invalidate(session: AsyncSession, *tags: str) -> None:
    """End every cached answer and query that bears a tag, as soon as the transaction commits.

    The row that remembers it is part of the transaction; the tags are bumped before the answer leaves, and
    by a relay if the process dies in between.
    """
    if not tags:
        return
    row: dict[str, Any] = {"id": new_id(), "tags": list(dict.fromkeys(tags)), "created_at": utcnow()}
    await session.execute(insert(CacheOutbox), row)
    pending: list[dict[str, Any]] | None = session.info.get(_PENDING)
    if pending is not None:
        pending.append(row)
        return
    session.info[_PENDING] = pending = [row]

    async def bump() -> None:
        del session.info[_PENDING]
        if PROCESS.relay is not None:
            await PROCESS.relay.bump_now([(row["id"], row["tags"]) for row in pending])

    after_commit(session, bump)
