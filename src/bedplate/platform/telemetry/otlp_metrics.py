"""From prometheus-client's families to the SDK's metrics, for the push over OTLP.

Each process pushes its own values under its own `service.instance.id`; whoever stores them adds them up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from time import time_ns

from opentelemetry.sdk.metrics import Exemplar as SdkExemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

from bedplate.platform.telemetry.exemplars import EXEMPLARS
from bedplate.platform.telemetry.metrics import PREFIX

_CUMULATIVE = AggregationTemporality.CUMULATIVE
_REQUESTS = PREFIX + "http_request_duration_seconds"


def metrics_data(registry: CollectorRegistry, resource: Resource, started: int) -> MetricsData:
    """Take a snapshot of our metrics; `started` is the Unix time, in ns, since when counters count."""
    now = time_ns()
    families = [family for family in registry.collect() if family.name.startswith(PREFIX)]
    metrics = [Metric(f.name, f.documentation, "", _data(f, started, now)) for f in families]
    scope = ScopeMetrics(InstrumentationScope("bedplate"), metrics, "")
    return MetricsData([ResourceMetrics(resource, [scope], "")])


def _data(family: Family, started: int, now: int) -> Sum | Gauge | Histogram:
    if family.type == "histogram":
        return Histogram(list(_histogram_points(family, started, now)), _CUMULATIVE)
    counts = family.type == "counter"
    samples = (s for s in family.samples if not s.name.endswith("_created"))
    points = [NumberDataPoint(s.labels, started if counts else 0, now, s.value) for s in samples]
    return Sum(points, _CUMULATIVE, is_monotonic=True) if counts else Gauge(points)


def _histogram_points(family: Family, started: int, now: int) -> Iterator[HistogramDataPoint]:
    for labels, samples in _by_series(family.samples).items():
        buckets = [(float(s.labels["le"]), int(s.value)) for s in samples if s.name.endswith("_bucket")]
        totals = [total for _, total in buckets]
        told = dict(labels)
        yield HistogramDataPoint(
            attributes=told,
            start_time_unix_nano=started,
            time_unix_nano=now,
            count=totals[-1],
            sum=next(s.value for s in samples if s.name.endswith("_sum")),
            bucket_counts=[after - before for before, after in zip([0, *totals], totals, strict=False)],
            explicit_bounds=[bound for bound, _ in buckets[:-1]],
            min=None,  # pyright: ignore[reportArgumentType] - optional on the wire, and not known
            max=None,  # pyright: ignore[reportArgumentType] - likewise
            exemplars=_exemplars(told) if family.name == _REQUESTS else [],
        )


def _by_series(samples: Iterable[Sample]) -> dict[tuple[tuple[str, str], ...], list[Sample]]:
    series: defaultdict[tuple[tuple[str, str], ...], list[Sample]] = defaultdict(list)
    for sample in samples:
        if not sample.name.endswith("_created"):
            series[tuple((k, v) for k, v in sample.labels.items() if k != "le")].append(sample)
    return series


def _exemplars(labels: dict[str, str]) -> list[SdkExemplar]:
    found = EXEMPLARS.of((labels["method"], labels["route"], labels["outcome"]))
    return [SdkExemplar({}, e.value, e.time_ns, int(e.span_id, 16), int(e.trace_id, 16)) for e in found]
