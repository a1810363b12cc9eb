from bedplate.platform.telemetry.metrics import counter, gauge

DECISIONS = counter(
    "limiter_decisions_total",
    "Decisions of the limiter: allowed, denied by the store, denied from memory, or made locally.",
    ("policy", "result"),
)
TRIPS = counter("limiter_trips_total", "Calls of the limiter's store.", ("result",))
DEGRADED = gauge(
    "limiter_degraded", "1 while the limiter's store is away and limits are local.", mode="livemax"
)
SHARERS = gauge(
    "limiter_processes",
    "Processes that would share every limit without the store, as told by the one that knows of least.",
    mode="livemin",
)
TRIPS.begin(("ok", "error"))
DEGRADED()
