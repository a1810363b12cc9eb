import itertools
import time
from collections.abc import Sequence

from bedplate.platform.cache.declare import Times
from bedplate.platform.cache.store import Found, Slot, State

KEPT = 10_000


class MemoryCacheStore:
    """Entries of one process: the twin of the Redis store."""

    clustered = False

    def __init__(self, *, lease: float) -> None:
        self._lease = lease
        self._entries: dict[str, tuple[str, float, Times, bytes]] = {}
        self._bypassed: dict[str, float] = {}
        self._leases: dict[str, tuple[str, str, float]] = {}
        self._versions: dict[str, int] = {}
        self._count = itertools.count(1)

    async def fetch(self, slot: Slot, token: str) -> Found:
        now, versions = time.time(), self._current(slot)
        if self._bypassed.get(slot.digest, 0.0) > now:
            return Found(State.BYPASS, now, versions)
        entry = self._entries.get(slot.digest)
        if entry is None or entry[0] != versions or now >= entry[1] + entry[2].kept:
            return Found(State.YOURS if self._take(slot, token, versions, now) else State.HELD, now, versions)
        _, made, times, value = entry
        if now < made + times.ttl:
            return Found(State.FRESH, now, versions, value, made)
        yours = self._take(slot, token, versions, now)
        if now < made + times.ttl + times.swr:
            return Found(State.STALE_YOURS if yours else State.STALE, now, versions, value, made)
        return Found(State.YOURS if yours else State.HELD, now, versions, value, made)

    async def keep(
        self, slot: Slot, token: str, versions: str, made: float, times: Times, value: bytes
    ) -> bool:
        self._free(slot, token)
        if self._current(slot) != versions:
            return False
        if len(self._entries) >= KEPT:
            del self._entries[next(iter(self._entries))]
        self._entries[slot.digest] = (versions, made, times, value)
        return True

    async def release(self, slot: Slot, token: str, versions: str, bypass: float) -> None:  # noqa: ARG002 - the port's
        if self._free(slot, token) and bypass and slot.digest not in self._entries:
            self._bypassed[slot.digest] = time.time() + bypass

    async def bump(self, tags: Sequence[str], message: str) -> int:  # noqa: ARG002 - nobody else to tell
        for tag in tags:
            self._versions[tag] = next(self._count)
        return 0

    def close(self) -> None:
        return

    def _current(self, slot: Slot) -> str:
        return " ".join(str(self._versions.get(tag, 0)) for tag in slot.tags)

    def _take(self, slot: Slot, token: str, versions: str, now: float) -> bool:
        held = self._leases.get(slot.digest)
        if held is not None and held[1] == versions and held[2] > now:
            return False
        self._leases[slot.digest] = (token, versions, now + self._lease)
        return True

    def _free(self, slot: Slot, token: str) -> bool:
        held = self._leases.get(slot.digest)
        if held is None or held[0] != token:
            return False
        del self._leases[slot.digest]
        return True
