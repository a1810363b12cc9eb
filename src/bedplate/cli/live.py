"""What a service that runs says of itself, for `bedplate doctor`."""

from collections import defaultdict

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bedplate.cli.children import listener_origin
from bedplate.cli.findings import Finding
from bedplate.platform.db import Database
from bedplate.platform.jobs.gauges import DEAD
from bedplate.platform.jobs.presence import workers_alive
from bedplate.settings import Settings

PATIENCE = 2.0
SERVED = {"hit", "stale", "coalesced"}


async def jobs(settings: Settings) -> list[Finding]:
    """Whether anybody works, and what nobody will do any more."""
    if not settings.database.url:
        return []
    database = Database(settings.database, application="bedplate doctor")
    async with database.lifespan():
        if await database.reads.fetchrow("select 1 where to_regclass('job') is not null") is None:
            return []
        alive = await workers_alive(database.reads)
        row = await database.reads.fetchrow(DEAD)
    dead = row[0] if row else 0
    mend = "see `bedplate jobs list --state dead`, mend the cause, then `bedplate jobs retry --state dead`"
    return [
        Finding("workers", "ok", f"{alive} alive")
        if alive
        else Finding("workers", "warning", "none alive: jobs wait", "start `bedplate worker`"),
        Finding("dead letters", "warning", f"{dead} gave up", mend)
        if dead
        else Finding("dead letters", "ok", "none"),
    ]


async def cache(settings: Settings) -> list[Finding]:
    """How often the cache of the API that runs here spared the work."""
    try:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            answer = await client.get(metrics_url(settings))
    except httpx.HTTPError:
        return [Finding("cache", "ok", "no API answers here, so its hit rate is not known")]
    if not answer.is_success:
        return [Finding("cache", "ok", f"{answer.url} answers {answer.status_code}: hit rate not known")]
    served = results(answer.text)
    asked = sum(served.values())
    if not asked:
        return [Finding("cache", "ok", "not asked yet")]
    share = sum(served.get(name, 0.0) for name in SERVED) / asked
    return [Finding("cache", "ok", f"{share:.0%} of {asked:.0f} requests answered from it")]


def metrics_url(settings: Settings) -> str:
    """Where the API of these settings is scraped from this machine."""
    telemetry, http = settings.telemetry, settings.http
    host, port = (
        (telemetry.metrics_host, telemetry.metrics_port) if telemetry.metrics_port else (http.host, http.port)
    )
    return f"{listener_origin(host, port)}/metrics"


def results(scrape: str) -> dict[str, float]:
    """The requests of cached routes and queries in a scrape, by result."""
    found: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(scrape):
        for sample in family.samples:
            if sample.name == "bedplate_cache_requests_total":
                found[sample.labels["result"]] += sample.value
    return found
