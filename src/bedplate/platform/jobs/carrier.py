import asyncio
import heapq
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

PRIORITY_STEP = 1e13


class Due(msgspec.Struct, frozen=True):
    """A job that may begin: `at` is since when, in seconds of the epoch."""

    id: UUID
    queue: str
    priority: int
    at: float

    @property
    def score(self) -> float:
        """Its place in the queue, the lowest first: by priority, then by age in milliseconds."""
        return self.at * 1000 - self.priority * PRIORITY_STEP


class Carrier(Protocol):
    """Tells workers which jobs are due. It may forget or repeat: the ledger decides who runs what."""

    async def push(self, jobs: Sequence[Due]) -> None:
        """Announce jobs; one that waits there already keeps its place."""
        ...

    async def pop(self, queue: str, count: int, timeout: float) -> list[UUID]:  # noqa: ASYNC109 - Redis counts it
        """Take up to `count` jobs, waiting up to `timeout` seconds for the first."""
        ...

    async def depth(self, queue: str) -> int:
        """How many jobs are announced and not taken."""
        ...

    async def elect(self, candidate: str, seconds: float) -> bool:
        """Whether the candidate is the one that scans the ledger for the next seconds."""
        ...

    async def close(self) -> None: ...


class MemoryCarrier:
    """The carrier of one process that enqueues and runs: tests, scripts, `--inline`."""

    def __init__(self) -> None:
        self._heaps: dict[str, list[tuple[float, UUID]]] = {}
        self._announced: set[UUID] = set()
        self._changed = asyncio.Condition()

    async def push(self, jobs: Sequence[Due]) -> None:
        async with self._changed:
            for job in jobs:
                if job.id not in self._announced:
                    self._announced.add(job.id)
                    heapq.heappush(self._heaps.setdefault(job.queue, []), (job.score, job.id))
            self._changed.notify_all()

    async def pop(self, queue: str, count: int, timeout: float) -> list[UUID]:  # noqa: ASYNC109 - as Redis counts it
        heap = self._heaps.setdefault(queue, [])
        async with self._changed:
            try:
                async with asyncio.timeout(timeout):
                    await self._changed.wait_for(lambda: bool(heap))
            except TimeoutError:
                return []
            taken = [heapq.heappop(heap)[1] for _ in range(min(count, len(heap)))]
            self._announced.difference_update(taken)
            return taken

    async def depth(self, queue: str) -> int:
        return len(self._heaps.get(queue, ()))

    async def elect(self, candidate: str, seconds: float) -> bool:
        del candidate, seconds
        return True

    async def close(self) -> None:
        self._heaps.clear()
        self._announced.clear()
