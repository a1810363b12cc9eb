import time
from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from bedplate.platform.cache.store import Slot

REMEMBERED = 10_000


class Kept(msgspec.Struct, gc=False):
    """An entry as this process keeps it, its times on the process's own clock."""

    value: bytes
    tags: tuple[str, ...]
    made: float
    fresh_until: float


class Tier:
    """The entries a process keeps by itself, bounded in bytes; the least recently used leave first.

    It knows which tags were bumped since a look-up was sent, so that an answer overtaken by a push is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[str, Kept] = OrderedDict()
        self._by_tag: dict[str, set[str]] = {}
        self._bumped: dict[str, int] = {}
        self._forgotten = 0
        self.moment = 0

    def get(self, digest: str) -> Kept | None:
        """Return a fresh entry."""
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if time.monotonic() >= entry.fresh_until:
            self._drop(digest)
            return None
        self._entries.move_to_end(digest)
        return entry

    def put(self, slot: Slot, value: bytes, *, age: float, ttl: float, since: int) -> None:
        """Keep an entry that was looked up at the moment `since`."""
        overtaken = since < self._forgotten or any(self._bumped.get(tag, -1) > since for tag in slot.tags)
        if overtaken or len(value) > self._max // 8:
            return
        made = time.monotonic() - age
        present = self._entries.get(slot.digest)
        if present is not None and present.made > made:
            return
        self._drop(slot.digest)
        self._entries[slot.digest] = Kept(value, slot.tags, made, made + ttl)
        self._bytes += len(value)
        for tag in slot.tags:
            self._by_tag.setdefault(tag, set()).add(slot.digest)
        while self._bytes > self._max:
            self._drop(next(iter(self._entries)))

    def bump(self, tags: Iterable[str]) -> None:
        """Drop what bears a tag."""
        self.moment += 1
        for tag in tags:
            self._bumped[tag] = self.moment
            for digest in self._by_tag.pop(tag, ()):
                self._drop(digest)
        if len(self._bumped) > REMEMBERED:
            self._bumped.clear()
            self._forgotten = self.moment

    def clear(self) -> None:
        """Drop everything: what was pushed meanwhile is not known."""
        self.moment += 1
        self._forgotten = self.moment
        self._entries.clear()
        self._by_tag.clear()
        self._bumped.clear()
        self._bytes = 0

    def _drop(self, digest: str) -> None:
        entry = self._entries.pop(digest, None)
        if entry is None:
            return
        self._bytes -= len(entry.value)
        for tag in entry.tags:
            digests = self._by_tag.get(tag)
            if digests is not None:
                digests.discard(digest)
                if not digests:
                    del self._by_tag[tag]
