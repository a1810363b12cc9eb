from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol

import msgspec

from bedplate.platform.cache.declare import Times


class State(IntEnum):
    """What a look-up found; HELD: another process makes it, BYPASS: it was not worth keeping a moment ago."""

    FRESH = 1
    STALE_YOURS = 2
    STALE = 3
    YOURS = 4
    HELD = 5
    BYPASS = 6


class Slot(msgspec.Struct, frozen=True):
    """An entry's name and the tags it hangs on."""

    digest: str
    tags: tuple[str, ...]


class Found(msgspec.Struct, frozen=True):
    """A look-up's answer: versions of the tags as they are now, and the value as far as they agree.

    `now` and `made` are the store's seconds; `made` is when the value was made.
    """

    state: State
    now: float
    versions: str
    value: bytes | None = None
    made: float = 0.0


class CacheStore(Protocol):
    """Where entries are kept: Redis for many processes, memory for one.

    An entry bears its tags' versions as they were before it was made, and is worth nothing when they have
    changed; so what is stored after an invalidation but made before it is never served.
    """

    async def fetch(self, slot: Slot, token: str) -> Found:
        """Look an entry up; when there is none, lease its making to one asker.

        Raises:
            DOWN: one of its exceptions, when the store cannot answer.
        """
        ...

    async def keep(
        self, slot: Slot, token: str, versions: str, made: float, times: Times, value: bytes
    ) -> bool:
        """Keep what was made, unless its tags have changed meanwhile; the lease ends."""
        ...

    async def release(self, slot: Slot, token: str, versions: str, bypass: float) -> None:
        """End a lease without an entry; for `bypass` seconds nobody waits for another."""
        ...

    async def bump(self, tags: Sequence[str], message: str) -> int:
        """Invalidate tags and tell every process; returns how many were told."""
        ...
