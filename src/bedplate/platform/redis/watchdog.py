import asyncio
from types import TracebackType
from typing import Self

TURNS = 5


class Watchdog:
    """Ends waits that take too long, told by turns of the event loop and not by the clock alone.

    A busy loop reads an answer late that came in time; a plain timeout would call the server slow, and
    the fallback would let requests pass twice. Here a loop that stood still ages a wait by one turn only.
    """

    def __init__(self, seconds: float) -> None:
        self._turn_length = seconds / TURNS
        self._waits: set[Wait] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.turn = 0

    def watch(self) -> "Wait":
        """Bound the waits of a `with` block; it raises TimeoutError when they took too long."""
        return Wait(self)

    def add(self, wait: "Wait") -> None:
        self._waits.add(wait)
        if self._timer is None:
            self._arm()

    def remove(self, wait: "Wait") -> None:
        self._waits.discard(wait)

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._turn_length, self._turned)

    def _turned(self) -> None:
        self.turn += 1
        for wait in [wait for wait in self._waits if wait.until <= self.turn]:
            self._waits.discard(wait)
            wait.expire()
        self._timer = None
        if self._waits:
            self._arm()


class Wait:
    """A bounded block of one task."""

    __slots__ = ("_cancelling", "_dog", "_expired", "_task", "until")

    def __init__(self, dog: Watchdog) -> None:
        self._dog = dog
        self._expired = False
        self._task: asyncio.Task[object] | None = None
        self.until = 0

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._cancelling = self._task.cancelling() if self._task else 0
        # The turn that is under way does not count: it may be about to end.
        self.until = self._dog.turn + TURNS + 1
        self._dog.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dog.remove(self)
        if self._expired and self._task is not None:
            ours = self._task.uncancel() <= self._cancelling
            if ours and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def expire(self) -> None:
        if self._task is not None:
            self._expired = True
            self._task.cancel()
