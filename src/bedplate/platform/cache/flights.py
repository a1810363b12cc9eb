import asyncio
from collections.abc import Iterable

from bedplate.platform.cache.store import Slot

type Shared = tuple[bytes] | tuple[()]


class Flight:
    """A look-up under way, that requests of this process for the same entry wait for.

    It lands with what they may share, an empty one where that is nothing, or None where it was broken off.
    """

    __slots__ = ("future", "slot")

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.future: asyncio.Future[Shared | None] = asyncio.get_running_loop().create_future()

    def land(self, shared: Shared | None) -> None:
        """Tell those who wait."""
        if not self.future.done():
            self.future.set_result(shared)


class Flights:
    """The look-ups under way. One that began before an invalidation is not joined after it."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}

    def get(self, digest: str) -> Flight | None:
        return self._flights.get(digest)

    def begin(self, slot: Slot) -> Flight:
        flight = self._flights[slot.digest] = Flight(slot)
        return flight

    def end(self, flight: Flight) -> None:
        if self._flights.get(flight.slot.digest) is flight:
            del self._flights[flight.slot.digest]

    def bump(self, tags: Iterable[str]) -> None:
        """Let nobody join what bears a tag."""
        bumped = set(tags)
        for digest in [d for d, flight in self._flights.items() if bumped.intersection(flight.slot.tags)]:
            del self._flights[digest]

    def clear(self) -> None:
        self._flights.clear()
