import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from redis.asyncio import Redis

from bedplate.platform.cache.acks import Acks, Bumped
from bedplate.platform.cache.core import Entries
from bedplate.platform.cache.invalidation import relaying
from bedplate.platform.cache.memory_store import MemoryCacheStore
from bedplate.platform.cache.push import Push
from bedplate.platform.cache.redis_store import RedisCacheStore
from bedplate.platform.cache.relay import Relay
from bedplate.platform.db import Database
from bedplate.platform.redis import DOWN, Client
from bedplate.settings.cache import CacheSettings


class Cache:
    """A process's cache: its entries, the relay of invalidations, and the push that keeps its own tier true."""

    def __init__(self, settings: CacheSettings, client: Client, database: Database, *, prefix: str) -> None:
        self.enabled = settings.enabled
        self.max_entry = settings.max_entry
        self._acks = Acks()
        self._channel = f"{prefix}:cache:bumped{_number(client)}"
        self._mine = f"{prefix}:cache:ack:{self._acks.origin}"
        self._prefix = prefix
        self._tasks: set[asyncio.Task[None]] = set()
        self.store: RedisCacheStore | MemoryCacheStore = (
            MemoryCacheStore(lease=settings.lease)
            if settings.store == "memory"
            else RedisCacheStore(
                client, prefix, patience=settings.patience, lease=settings.lease, channel=self._channel
            )
        )
        self.entries = Entries(self.store, tier_bytes=settings.tier, max_wait=settings.max_wait)
        self._database = database
        self.relay = Relay(
            database,
            self.bump,
            is_usable=lambda: self.entries.usable,
            recovered=self._recovered,
            lost=self.entries.lost,
        )
        self._push: Push | None = None
        if isinstance(client, Redis) and settings.tier and isinstance(self.store, RedisCacheStore):
            self._push = Push(client, (self._channel, self._mine), self._on_message, self._forget)

    async def bump(self, tags: Sequence[str]) -> None:
        """Invalidate tags everywhere; returns once every process that listens has dropped them.

        Raises:
            DOWN: one of its exceptions, when the store cannot be told.
        """
        self._drop(tags)
        bumped = self._acks.announce(tags)
        try:
            receivers = await self.store.bump(tags, msgspec.json.encode(bumped).decode())
            await self._acks.wait(bumped, receivers)
        finally:
            self._acks.end(bumped)

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncGenerator[None]:
        """Listen for invalidations and relay them, for as long as the application or the worker runs."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.relay.lifespan())
            if self._push is not None and self.enabled:
                push, loop = self._push, asyncio.get_running_loop()
                self.entries.pushed = lambda: push.alive(loop.time())
                await stack.enter_async_context(push.lifespan())
            stack.push_async_callback(self.entries.finish)
            stack.enter_context(relaying(self._database, self.relay))
            yield
        self.store.close()

    def _recovered(self) -> None:
        self._forget()
        self.entries.usable = True

    def _forget(self) -> None:
        self.entries.tier.clear()
        self.entries.flights.clear()

    def _drop(self, tags: Sequence[str]) -> None:
        self.entries.tier.bump(tags)
        self.entries.flights.bump(tags)

    def _on_message(self, channel: str, payload: str) -> None:
        if channel == self._mine:
            self._acks.count(int(payload))
            return
        bumped = msgspec.json.decode(payload, type=Bumped)
        self._drop(bumped.tags)
        if bumped.origin == self._acks.origin:
            self._acks.count(bumped.number)
            return
        task = asyncio.create_task(self._acknowledge(bumped))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _acknowledge(self, bumped: Bumped) -> None:
        if isinstance(self.store, RedisCacheStore):
            try:
                await self.store.call(
                    "PUBLISH", f"{self._prefix}:cache:ack:{bumped.origin}", str(bumped.number)
                )
            except DOWN as error:
                self.entries.lost(error)


def _number(client: Client) -> str:
    # Channels know no databases: two services on one server must not tell each other.
    number = client.connection_pool.connection_kwargs.get("db", 0) if isinstance(client, Redis) else 0
    return f":{number}" if number else ""
