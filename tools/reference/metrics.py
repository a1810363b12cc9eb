from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from bedplate import app
from bedplate.platform.telemetry.metrics import PREFIX
from bedplate.platform.telemetry.tallies import declare
from tools.markdown import code, header, table

ABOUT = """What `/metrics` shows, in Prometheus' text format. `{app}` counts in every process; all processes that share
`PROMETHEUS_MULTIPROC_DIR` are one scrape. Labels are bounded; [telemetry](telemetry.md) says by what. A histogram has
`_bucket`, `_sum` and `_count` besides."""
KINDS: dict[type[MetricWrapperBase], str] = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}


def metrics_page() -> str:
    """Every series of ours by the part that declares it."""
    declare(metric for domain in app.DOMAINS for metric in domain.metrics)
    rows = [_row(metric) for metric in _ours()]
    about = ABOUT.format(app=app.__name__.partition(".")[0])
    return f"{header('Metrics', about)}\n{table(('metric', 'kind', 'labels', 'meaning', 'buckets'), rows)}\n"


def _ours() -> list[Any]:
    # prometheus-client says neither what is registered nor how it was declared; its fields do.
    known = [one for one in _inside(REGISTRY, "_collector_to_names") if isinstance(one, MetricWrapperBase)]
    return sorted((one for one in known if _name(one).startswith(PREFIX)), key=_name)


def _name(metric: Any) -> str:
    return str(_inside(metric, "_name"))


def _row(metric: Any) -> tuple[str, ...]:
    (family,) = metric.describe()
    name = f"{family.name}_total" if isinstance(metric, Counter) else family.name
    labels = ", ".join(code(str(label)) for label in _inside(metric, "_labelnames"))
    return code(name), KINDS[type(metric)], labels, family.documentation, _buckets(metric)


def _buckets(metric: Any) -> str:
    if not isinstance(metric, Histogram):
        return ""
    bounds = _inside(metric, "_kwargs").get("buckets") or _inside(metric, "_upper_bounds")
    return ", ".join(f"{bound:g}" for bound in bounds if bound != float("inf"))


def _inside(thing: object, field: str) -> Any:
    return getattr(thing, field)
