import gc
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter

GENERATIONS = ("0", "1", "2")


class GcWatch:
    """Counts collections and the time they stop the process, by generation, as cheaply as a callback can."""

    def __init__(self) -> None:
        self.collections = [0, 0, 0]
        self.seconds = [0.0, 0.0, 0.0]
        self._began = 0.0

    def start(self) -> None:
        """Begin to watch."""
        gc.callbacks.append(self._on_gc)

    def stop(self) -> None:
        """Watch no longer."""
        with suppress(ValueError):
            gc.callbacks.remove(self._on_gc)

    def take(self) -> Sequence[tuple[str, int, float]]:
        """Return generation, collections and seconds since the last call."""
        taken = list(zip(GENERATIONS, self.collections, self.seconds, strict=True))
        self.collections, self.seconds = [0, 0, 0], [0.0, 0.0, 0.0]
        return taken

    def _on_gc(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = perf_counter()
            return
        self.collections[info["generation"]] += 1
        self.seconds[info["generation"]] += perf_counter() - self._began
