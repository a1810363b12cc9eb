"""Declaring metrics: prometheus-client's, with the children of their labels remembered.

`labels()` locks and builds a tuple at each call; a remembered child costs a dictionary's look-up.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Literal

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of histograms of answers' durations, in seconds."""

LONG_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
"""Upper bounds of histograms of waits and of jobs' durations, in seconds."""

type Mode = Literal["livesum", "livemin", "livemax", "livemostrecent", "mostrecent"]

PREFIX = "bedplate_"


class Children[M: (Counter, Gauge, Histogram)]:
    """A metric by its labels' values."""

    __slots__ = ("_known", "metric")

    def __init__(self, metric: M) -> None:
        self.metric = metric
        self._known: dict[tuple[str, ...], M] = {}

    def __call__(self, *values: str) -> M:
        """Return the series of these label values, in the order of declaration; made when first asked for."""
        known = self._known.get(values)
        if known is None:
            known = self._known[values] = self.metric.labels(*values) if values else self.metric
        return known

    def begin(self, *labels: Iterable[str]) -> None:
        """Make the series of every combination, so that they stand at zero before their first event."""
        for values in product(*labels):
            self(*values)


def counter(
    name: str, meaning: str, labels: Sequence[str] = (), *, registry: CollectorRegistry = REGISTRY
) -> Children[Counter]:
    """Declare a counter; `name` stands without `bedplate_` and with its unit and `_total`."""
    return Children(Counter(PREFIX + name, meaning, labels, registry=registry))


def gauge(
    name: str,
    meaning: str,
    labels: Sequence[str] = (),
    *,
    mode: Mode = "livesum",
    registry: CollectorRegistry = REGISTRY,
) -> Children[Gauge]:
    """Declare a gauge; `mode` says what the values of several live processes make together."""
    return Children(Gauge(PREFIX + name, meaning, labels, multiprocess_mode=mode, registry=registry))


def histogram(
    name: str,
    meaning: str,
    labels: Sequence[str] = (),
    *,
    buckets: Sequence[float] = SECONDS,
    registry: CollectorRegistry = REGISTRY,
) -> Children[Histogram]:
    """Declare a histogram."""
    return Children(Histogram(PREFIX + name, meaning, labels, buckets=buckets, registry=registry))
