import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from bedplate.platform.cache.declare import Times
from bedplate.platform.cache.flights import Flights, Shared
from bedplate.platform.cache.metrics import TIER_HITS
from bedplate.platform.cache.store import CacheStore, Found, Slot, State
from bedplate.platform.cache.tier import Tier
from bedplate.platform.redis import DOWN
from bedplate.platform.telemetry import note

POLL, SLOWEST_POLL = 0.005, 0.05
NOT_WORTH = 1.0
"""Seconds in which nobody waits for an entry whose last making gave nothing to keep."""

TIER_HIT = TIER_HITS().inc
logger = logging.getLogger(__name__)

type Result = Literal["hit", "miss", "stale", "coalesced", "bypass", "error"]


class Got(msgspec.Struct, frozen=True):
    """How a request is answered; without a value it makes its own answer, or has made it."""

    result: Result
    value: bytes | None = None
    age: float = 0.0


class Made(msgspec.Struct, frozen=True):
    """What was made: a value to keep, or none; `failed` lets an older one stand in."""

    value: bytes | None
    failed: bool = False


type Make = Callable[[], Awaitable[Made]]


class Entries:
    """Looks entries up, makes each once over all processes, and never fails a request by itself."""

    def __init__(self, store: CacheStore, *, tier_bytes: int, max_wait: float) -> None:
        self.store = store
        self.tier = Tier(tier_bytes)
        self.flights = Flights()
        self.usable = True
        self.pushed: Callable[[], bool] = lambda: False
        self._max_wait = max_wait
        self._renewals: set[asyncio.Task[None]] = set()

    async def get(self, slot: Slot, times: Times, make: Make, renew: Make | None = None) -> Got:
        """Return the entry, or make it; `renew` makes it once more behind an answer that is a little old."""
        at_hand = self.at_hand(slot)
        if at_hand is not None:
            return at_hand
        got = await self._get(slot, times, make, renew)
        note("bedplate.cache", got.result)
        return got

    def at_hand(self, slot: Slot) -> Got | None:
        """The entry, where this process has it and knows of every invalidation; no trip, no wait."""
        kept = self.tier.get(slot.digest) if self.pushed() else None
        if kept is None:
            return None
        TIER_HIT()
        note("bedplate.cache", "hit")
        return Got("hit", kept.value, time.monotonic() - kept.made)

    async def _get(self, slot: Slot, times: Times, make: Make, renew: Make | None) -> Got:
        if not self.usable:
            return Got("error")
        if not self.pushed():
            # Without pushes a flight may have begun before an invalidation that we do not know of.
            return await self._look_up(slot, times, make, renew)
        # Where the one who made it was cancelled, as by his deadline, the next one makes it, and not all at once.
        while (flight := self.flights.get(slot.digest)) is not None:
            shared = await asyncio.shield(flight.future)
            if shared is not None:
                return Got("coalesced", *shared) if shared else Got("bypass")
        return await self._lead(slot, times, make, renew)

    async def _lead(self, slot: Slot, times: Times, make: Make, renew: Make | None) -> Got:
        flight = self.flights.begin(slot)
        shared: Shared | None = ()
        try:
            got = await self._look_up(slot, times, make, renew)
            shared = () if got.value is None else (got.value,)
        except asyncio.CancelledError:
            shared = None
            raise
        finally:
            self.flights.end(flight)
            flight.land(shared)
        return got

    def lost(self, error: BaseException) -> None:
        """Go on without the store until it is known again that nothing stands in it that should not."""
        if self.usable:
            logger.warning("cache: the store is away, everything is made anew: %s", type(error).__name__)
        self.usable = False

    async def finish(self) -> None:
        """End renewals under way."""
        for task in list(self._renewals):
            task.cancel()
        await asyncio.gather(*self._renewals, return_exceptions=True)

    async def _look_up(self, slot: Slot, times: Times, make: Make, renew: Make | None) -> Got:
        token, since = secrets.token_hex(8), self.tier.moment
        deadline, pause = time.monotonic() + self._max_wait, POLL
        waited = False
        while True:
            try:
                found = await self.store.fetch(slot, token)
            except DOWN as error:
                self.lost(error)
                return Got("error")
            if found.state is State.HELD and time.monotonic() < deadline:
                waited = True
                await asyncio.sleep(pause)
                pause, since = min(pause * 1.5, SLOWEST_POLL), self.tier.moment
                continue
            break
        return await self._answer(slot, times, found, token, since, make, renew, waited=waited)

    async def _answer(
        self,
        slot: Slot,
        times: Times,
        found: Found,
        token: str,
        since: int,
        make: Make,
        renew: Make | None,
        *,
        waited: bool,
    ) -> Got:
        age = max(0.0, found.now - found.made)
        match found.state:
            case State.FRESH:
                self.tier.put(slot, found.value or b"", age=age, ttl=times.ttl, since=since)
                return Got("coalesced" if waited else "hit", found.value, age)
            case State.STALE | State.STALE_YOURS:
                if found.state is State.STALE_YOURS:
                    self._renew(slot, times, found, token, renew or make)
                return Got("stale", found.value, age)
            case State.YOURS:
                return await self._make(slot, times, found, token, make, since=since)
            case _:
                return Got("bypass")

    async def _make(
        self, slot: Slot, times: Times, found: Found, token: str, make: Make, *, since: int
    ) -> Got:
        begun, made = time.monotonic(), Made(None, failed=True)
        try:
            made = await make()
        finally:
            await self._settle(slot, times, found, token, made, begun, since)
        if made.value is not None:
            return Got("miss", made.value)
        if made.failed and found.value is not None and times.stale_if_error:
            return Got("stale", found.value, max(0.0, found.now - found.made))
        return Got("miss")

    async def _settle(
        self, slot: Slot, times: Times, found: Found, token: str, made: Made, begun: float, since: int
    ) -> None:
        try:
            if made.value is None:
                await self.store.release(slot, token, found.versions, 0.0 if made.failed else NOT_WORTH)
                return
            took = time.monotonic() - begun
            kept = await self.store.keep(slot, token, found.versions, found.now + took, times, made.value)
        except DOWN as error:
            self.lost(error)
            return
        if kept:
            self.tier.put(slot, made.value, age=0.0, ttl=times.ttl, since=since)

    def _renew(self, slot: Slot, times: Times, found: Found, token: str, make: Make) -> None:
        async def renew() -> None:
            try:
                await self._make(slot, times, found, token, make, since=self.tier.moment)
            except Exception:
                logger.exception("cache: renewal failed")

        task = asyncio.create_task(renew())
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)
