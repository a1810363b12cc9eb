from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from bedplate.platform.telemetry.exchange import FAULT, Exchange
from bedplate.platform.telemetry.exemplars import EXEMPLARS
from bedplate.platform.telemetry.metrics import counter, histogram
from bedplate.platform.telemetry.routes import UNMATCHED

REQUESTS = counter("http_requests_total", "Requests answered.", ("method", "route", "status"))
DURATION = histogram(
    "http_request_duration_seconds",
    "Time to answer a request; `outcome` is answered (under 400), refused (under 500) or failed.",
    ("method", "route", "outcome"),
)
REFUSALS = counter(
    "http_refusals_total",
    "Requests that were refused or failed, by the code of their problem.",
    ("status", "code"),
)
FAILURES = ("500", "503")
_REFUSAL = 400


class RequestMetrics:
    """Counts and times requests; the pair of series of a route and status is remembered."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def begin(self, routes: Iterable[tuple[str, str, int]]) -> None:
        """Set the series of each method, route and its usual status to zero, and those of its failures.

        A rate does not see what a series begins with: the first failures of a route would wake nobody.
        """
        for method, route, status in [*routes, ("GET", UNMATCHED, 404)]:
            self._pair(method, route, status)
            for failure in FAILURES:
                REQUESTS(method, route, failure)

    def observe(self, exchange: Exchange) -> None:
        """Count one answer; one that broke off counts as failed, whatever its head had said."""
        status = int(FAULT) if exchange.broken else exchange.status
        key = exchange.method, exchange.route, status
        pair = self._pairs.get(key) or self._pair(*key)
        pair[0].inc()
        pair[1].observe(exchange.elapsed / 1e9)
        if exchange.code:
            REFUSALS(str(exchange.status), exchange.code).inc()

    def exemplify(self, exchange: Exchange) -> None:
        """Note a request whose trace is kept as an example of its bucket."""
        root = exchange.root
        labels = exchange.method, exchange.route, _outcome(exchange.status)
        EXEMPLARS.note(labels, exchange.elapsed / 1e9, root.trace.trace_id, root.id)

    def _pair(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        pair = REQUESTS(method, route, str(status)), DURATION(method, route, _outcome(status))
        self._pairs[method, route, status] = pair
        return pair


def _outcome(status: int) -> str:
    return "answered" if status < _REFUSAL else "refused" if status < FAULT else "failed"
