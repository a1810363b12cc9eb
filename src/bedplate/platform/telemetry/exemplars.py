from bisect import bisect_left
from dataclasses import dataclass
from time import time_ns

from bedplate.platform.telemetry.metrics import SECONDS


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A measurement whose trace is kept: from a histogram's bucket to an example of it."""

    value: float
    time_ns: int
    trace_id: str
    span_id: str


class Exemplars:
    """The latest kept request of each bucket of the request histogram, by its labels; bounded as the series are."""

    def __init__(self) -> None:
        self._latest: dict[tuple[tuple[str, str, str], int], Exemplar] = {}

    def note(self, labels: tuple[str, str, str], seconds: float, trace_id: str, span_id: str) -> None:
        """Remember a request; labels in the histogram's order."""
        bucket = bisect_left(SECONDS, seconds)
        self._latest[labels, bucket] = Exemplar(seconds, time_ns(), trace_id, span_id)

    def of(self, labels: tuple[str, str, str]) -> list[Exemplar]:
        """Return a series' examples, one a bucket at most."""
        found = ((bucket, self._latest.get((labels, bucket))) for bucket in range(len(SECONDS) + 1))
        return [exemplar for _, exemplar in found if exemplar is not None]


EXEMPLARS = Exemplars()
