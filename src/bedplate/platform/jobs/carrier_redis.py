import asyncio
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import cast
from uuid import UUID

from redis.asyncio import Redis

from bedplate.platform.jobs.carrier import Due
from bedplate.platform.redis.client import Client, connect
from bedplate.platform.redis.scripts import traced
from bedplate.settings.redis import RedisSettings

PATIENCE = 5.0


class RedisCarrier:
    """The carrier of many processes: a sorted set a queue, in SAQ's name space.

    Its members are job ids and nothing else, so there is nothing in Redis that must not be lost. Every
    command is bounded here: the client itself must wait as long as a blocking pop does.

    Raises:
        TimeoutError: Redis did not answer within a few seconds.
    """

    def __init__(self, redis: Client, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    @classmethod
    def connect(cls, settings: RedisSettings) -> "RedisCarrier":
        """Open the queue's own pool; a blocking pop waits longer than a command may take."""
        url = settings.url.reveal()
        if url.startswith("redis+"):
            return cls(connect(settings, timeout=float("inf")), settings.prefix)
        # A unix socket has nothing to keep alive, and its connection class does not take the option.
        keepalive = {} if url.startswith("unix:") else {"socket_keepalive": True}
        redis = Redis.from_url(
            url,
            socket_timeout=None,
            socket_connect_timeout=settings.connect_timeout,
            **keepalive,
            health_check_interval=0,
            max_connections=settings.max_connections,
            protocol=3,
        )
        return cls(redis, settings.prefix)

    async def push(self, jobs: Sequence[Due]) -> None:
        ordered = sorted(jobs, key=attrgetter("queue"))
        async with asyncio.timeout(PATIENCE), self._redis.pipeline(transaction=False) as pipe:
            for queue, group in groupby(ordered, key=attrgetter("queue")):
                pipe.zadd(self._key(queue), {job.id.bytes: job.score for job in group}, nx=True)
            await traced("ZADD", "", pipe.execute())

    async def pop(self, queue: str, count: int, timeout: float) -> list[UUID]:  # noqa: ASYNC109 - Redis waits, not we
        async with asyncio.timeout(timeout + PATIENCE):
            found = await self._redis.bzmpop(timeout, 1, [self._key(queue)], min=True, count=count)
        if found is None:
            return []
        members = cast("list[tuple[bytes, float]]", found[1])
        return [UUID(bytes=member) for member, _ in members]

    async def depth(self, queue: str) -> int:
        async with asyncio.timeout(PATIENCE):
            return int(await self._redis.zcard(self._key(queue)))

    async def elect(self, candidate: str, seconds: float) -> bool:
        key, milliseconds = f"{self._prefix}:saq:relay", int(seconds * 1000)
        async with asyncio.timeout(PATIENCE):
            if await self._redis.set(key, candidate, nx=True, px=milliseconds):
                return True
            if await self._redis.get(key) != candidate.encode():
                return False
            await self._redis.pexpire(key, milliseconds)
            return True

    async def close(self) -> None:
        await self._redis.aclose()

    def _key(self, queue: str) -> str:
        return f"{self._prefix}:saq:{queue}:queued"
