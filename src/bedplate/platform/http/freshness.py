"""Who wrote a moment ago reads from the primary, in whichever process: what a replica needs of HTTP and Redis."""

import logging
from typing import Any, cast
from uuid import UUID

from litestar.types import Message, Scope

from bedplate.platform.auth.caller import Caller
from bedplate.platform.auth.origins import SAFE
from bedplate.platform.cache.declare import OPT as CACHED
from bedplate.platform.db import Database, ReadPool
from bedplate.platform.db.replica import CallersReads

# Beyond the lag that is borne: what following may be late by, and a client's clock is not asked.
SLACK = 5.0
MEMO = "callers_reads"
logger = logging.getLogger(__name__)


class RedisMarks:
    """How far each caller has written, for all processes; kept as long as a replica in use may be behind."""

    def __init__(self, client: Any, *, prefix: str, max_lag: float) -> None:
        self._client = client
        self._prefix = prefix
        self._milliseconds = int((max_lag + SLACK) * 1000)

    async def set(self, caller: UUID, position: int) -> None:
        """Remember a position, unless a later one is remembered: two answers may overtake each other."""
        key = self._key(caller)
        async with self._client.pipeline(transaction=False) as pipeline:
            pipeline.zadd(key, {"at": position}, gt=True)
            pipeline.pexpire(key, self._milliseconds)
            await pipeline.execute()

    async def get(self, caller: UUID) -> int | None:
        """The position; None when he wrote nothing lately."""
        score = await self._client.zscore(self._key(caller), "at")
        return None if score is None else int(score)

    def _key(self, caller: UUID) -> str:
        return f"{self._prefix}:wrote:{caller}"


def reads_of(scope: Any, database: Database) -> ReadPool:
    """The reads of a request: the pool itself, unless there is a replica and a caller who may be routed.

    What a cached route reads is kept for others and longer than a lag, so it is never the replica's.
    """
    replica = database.replica
    if replica is None:
        return database.reads
    caller: Caller | None = scope.get("user")
    if caller is None or CACHED in scope["route_handler"].opt:
        return database.reads
    state = cast("dict[str, Any]", scope["state"])
    if MEMO not in state:
        state[MEMO] = CallersReads(database.reads, replica, caller.user_id)
    return state[MEMO]


async def mark_writes(message: Message, scope: Scope) -> None:
    """Before the answer to a write leaves: remember how far its caller has written."""
    caller: Caller | None = scope.get("user")
    if message["type"] != "http.response.start" or scope.get("method") in SAFE or caller is None:
        return
    database: Database = scope["litestar_app"].state.database
    if database.replica is None:
        return
    try:
        await database.replica.wrote(caller.user_id)
    except Exception as error:  # noqa: BLE001 - the write stands; what he reads may be behind as others' reads are
        logger.warning("a write was not marked for its caller (%s)", type(error).__name__)
