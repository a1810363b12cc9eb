from bedplate.platform.telemetry.metrics import counter

RESULTS = ("hit", "miss", "stale", "coalesced", "bypass", "error")
REQUESTS = counter(
    "cache_requests_total",
    "Requests of cached routes and queries by how they were answered.",
    ("route", "result"),
)
INVALIDATIONS = counter(
    "cache_invalidations_total", "Tags invalidated: at once after the commit, or by the relay.", ("by",)
)
TIER_HITS = counter("cache_tier_hits_total", "Hits that needed no trip to the store.")
INVALIDATIONS.begin(("commit", "relay"))
TIER_HITS()
