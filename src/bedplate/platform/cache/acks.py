import asyncio
import secrets
from collections.abc import Sequence

import msgspec

WAIT = 0.1


class Bumped(msgspec.Struct, frozen=True, array_like=True):
    """What a process tells all others: who it is, which of its bumps this is, and the tags."""

    origin: str
    number: int
    tags: list[str]


class Acks:
    """Lets a writer wait until every process has dropped what it invalidated, a tenth of a second at most.

    One that is too slow to answer has not proved its subscription either, and serves nothing from memory.
    """

    def __init__(self) -> None:
        self.origin = secrets.token_hex(6)
        self._number = 0
        self._waiting: dict[int, tuple[list[int], asyncio.Event]] = {}

    def announce(self, tags: Sequence[str]) -> Bumped:
        """Begin a bump; acknowledgements count from now."""
        self._number += 1
        self._waiting[self._number] = ([0], asyncio.Event())
        return Bumped(self.origin, self._number, list(tags))

    def count(self, number: int) -> None:
        """Take an acknowledgement."""
        waiting = self._waiting.get(number)
        if waiting is not None:
            waiting[0][0] += 1
            waiting[1].set()

    async def wait(self, bumped: Bumped, receivers: int) -> None:
        """Wait for the acknowledgements of all that were told."""
        count, arrived = self._waiting[bumped.number]
        try:
            async with asyncio.timeout(WAIT):
                while count[0] < receivers:
                    arrived.clear()
                    await arrived.wait()
        except TimeoutError:
            return

    def end(self, bumped: Bumped) -> None:
        """Forget a bump."""
        self._waiting.pop(bumped.number, None)
