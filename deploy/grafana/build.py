"""Writes the dashboards' JSON from the panels below; import them or mount them as provisioned files."""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WIDTH, HEIGHT, COLUMNS = 8, 8, 3
API = 'route!~"/health.*|/metrics"'
REQUESTS = "bedplate_http_requests_total"
DURATION = "bedplate_http_request_duration_seconds"

type Panel = tuple[str, str, str, str]
"""Title, unit, legend and query."""


def quantile(q: float, metric: str, by: str, where: str = "") -> str:
    """The query for a quantile of a histogram."""
    return f"histogram_quantile({q}, sum by (le, {by}) (rate({metric}_bucket{{{where}}}[$__rate_interval])))"


def rate(metric: str, by: str, where: str = "") -> str:
    """The query for a counter's rate."""
    return f"sum by ({by}) (rate({metric}{{{where}}}[$__rate_interval]))"


def total(metric: str) -> str:
    """The query for the rate of a counter, all its series together."""
    return f"sum(rate({metric}[$__rate_interval]))"


DASHBOARDS: dict[str, tuple[str, list[Panel]]] = {
    "service": (
        "Bedplate: service",
        [
            ("Requests by status", "reqps", "{{status}}", rate(REQUESTS, "status", API)),
            ("Failed share", "percentunit", "bad", "slo:availability:bad_ratio_rate5m"),
            ("Slow share", "percentunit", "over 250 ms", "slo:latency:bad_ratio_rate5m"),
            (
                "p50, answered",
                "s",
                "{{route}}",
                quantile(0.5, DURATION, "route", f'outcome="answered",{API}'),
            ),
            (
                "p99, answered",
                "s",
                "{{route}}",
                quantile(0.99, DURATION, "route", f'outcome="answered",{API}'),
            ),
            ("Requests by route", "reqps", "{{method}} {{route}}", rate(REQUESTS, "method, route", API)),
            ("Loop lag, p99", "s", "{{job}}", quantile(0.99, "bedplate_loop_lag_seconds", "job")),
            ("Loop lag, now", "s", "{{job}}", "max by (job) (bedplate_event_loop_lag_seconds)"),
            ("Processor", "percentunit", "{{job}}", rate("bedplate_process_cpu_seconds_total", "job")),
            ("Memory", "bytes", "{{job}}", "sum by (job) (bedplate_process_memory_bytes)"),
            ("Processes", "short", "{{job}}", "sum by (job) (bedplate_processes)"),
            ("Pause for garbage", "percentunit", "{{job}}", rate("bedplate_gc_pause_seconds_total", "job")),
            ("Collections", "ops", "{{generation}}", rate("bedplate_gc_collections_total", "generation")),
            (
                "Pool use, of the fullest process",
                "percentunit",
                "{{instance}} {{pool}}",
                "max by (instance, pool) (bedplate_db_pool_use)",
            ),
            ("Connections lent out", "short", "{{pool}}", "sum by (pool) (bedplate_db_pool_in_use)"),
            ("Connections allowed", "short", "{{pool}}", "sum by (pool) (bedplate_db_pool_size)"),
            (
                "Waiting for a connection",
                "short",
                "{{instance}} {{pool}}",
                "bedplate_db_pool_waiting",
            ),
            ("Reads by server", "ops", "{{server}}", rate("bedplate_db_replica_reads_total", "server")),
            ("Replica's lag", "s", "{{job}}", "max by (job) (bedplate_db_replica_lag_seconds)"),
            ("Open files", "short", "{{job}}", "max by (job) (bedplate_process_open_files)"),
            ("Threads", "short", "{{job}}", "sum by (job) (bedplate_process_threads)"),
            ("Spans dropped", "ops", "{{job}}", rate("bedplate_telemetry_spans_dropped_total", "job")),
            ("Versions", "short", "{{version}}", "count by (version) (bedplate_build_info)"),
        ],
    ),
    "jobs": (
        "Bedplate: jobs",
        [
            ("Waiting", "short", "{{queue}}", "max by (queue) (bedplate_jobs_queued)"),
            ("Oldest that is due", "s", "{{queue}}", "max by (queue) (bedplate_job_oldest_age_seconds)"),
            ("Running", "short", "{{queue}}", "sum by (queue) (bedplate_jobs_running)"),
            ("Workers alive", "short", "{{job}}", "max by (job) (bedplate_workers)"),
            ("Wait, p99", "s", "{{queue}}", quantile(0.99, "bedplate_job_wait_seconds", "queue")),
            ("Run, p99", "s", "{{task}}", quantile(0.99, "bedplate_job_run_seconds", "task")),
            ("Began too late", "percentunit", "over 5 s", "slo:job_wait:bad_ratio_rate5m"),
            ("Attempts", "ops", "{{task}} {{ending}}", rate("bedplate_job_attempts_total", "task, ending")),
            ("Ended", "ops", "{{task}} {{state}}", rate("bedplate_jobs_ended_total", "task, state")),
            ("Dead letters", "short", "waiting", "max(bedplate_jobs_dead)"),
            ("Taken from silent workers", "ops", "{{task}}", rate("bedplate_jobs_lost_total", "task")),
            ("Firings missed", "ops", "{{schedule}}", rate("bedplate_schedule_missed_total", "schedule")),
            (
                "Queue unreadable",
                "ops",
                "errors",
                "sum(rate(bedplate_job_carrier_errors_total[$__rate_interval]))",
            ),
        ],
    ),
    "limits": (
        "Bedplate: cache, limits and refusals",
        [
            ("Cached answers", "reqps", "{{result}}", rate("bedplate_cache_requests_total", "result")),
            (
                "Share answered from the cache",
                "percentunit",
                "{{route}}",
                rate("bedplate_cache_requests_total", "route", 'result=~"hit|coalesced|stale"')
                + " / ("
                + rate("bedplate_cache_requests_total", "route")
                + " > 0)",
            ),
            ("The same, all routes, a quarter of an hour", "percentunit", "share", "cache:hit_ratio:rate15m"),
            ("Hits without a trip", "ops", "hits", total("bedplate_cache_tier_hits_total")),
            ("Invalidations", "ops", "by {{by}}", rate("bedplate_cache_invalidations_total", "by")),
            (
                "Limiter's decisions",
                "ops",
                "{{policy}} {{result}}",
                rate("bedplate_limiter_decisions_total", "policy, result"),
            ),
            (
                "Refusals by reason",
                "reqps",
                "{{status}} {{code}}",
                rate("bedplate_http_refusals_total", "status, code"),
            ),
            ("Limiter on its own", "short", "{{job}}", "max by (job) (bedplate_limiter_degraded)"),
            ("Processes that share limits", "short", "{{job}}", "min by (job) (bedplate_limiter_processes)"),
            ("Limiter's trips", "ops", "{{result}}", rate("bedplate_limiter_trips_total", "result")),
            ("Limited (429)", "reqps", "{{route}}", rate(REQUESTS, "route", 'status="429"')),
            ("Not signed in (401)", "reqps", "{{route}}", rate(REQUESTS, "route", 'status="401"')),
            ("Not allowed (403)", "reqps", "{{route}}", rate(REQUESTS, "route", 'status="403"')),
            ("Unknown paths", "reqps", "{{method}}", rate(REQUESTS, "method", 'route="unmatched"')),
            ("Not modified (304)", "reqps", "{{route}}", rate(REQUESTS, "route", 'status="304"')),
            ("Shed under load", "reqps", "{{reason}}", rate("bedplate_requests_shed_total", "reason")),
            ("Bodies not read", "reqps", "{{reason}}", rate("bedplate_bodies_refused_total", "reason")),
            (
                "Answers compressed",
                "reqps",
                "{{encoding}}",
                rate("bedplate_answers_compressed_total", "encoding"),
            ),
            (
                "Conflicts",
                "reqps",
                "{{route}} {{status}}",
                rate(REQUESTS, "route, status", 'status=~"409|412|428"'),
            ),
        ],
    ),
    "identity": (
        "Bedplate: identity and business",
        [
            ("Sign-ins", "ops", "{{method}} {{outcome}}", rate("bedplate_sign_ins_total", "method, outcome")),
            ("Sign-ups", "ops", "{{method}}", rate("bedplate_signups_total", "method")),
            ("Sessions ended", "ops", "{{because}}", rate("bedplate_sessions_ended_total", "because")),
            ("Refresh tokens reused", "ops", "reused", total("bedplate_refresh_tokens_reused_total")),
            ("Accounts", "ops", "{{change}}", rate("bedplate_account_changes_total", "change")),
            (
                "Second factors",
                "ops",
                "{{kind}} {{change}}",
                rate("bedplate_factor_changes_total", "kind, change"),
            ),
            ("Second factors refused", "ops", "refused", total("bedplate_factors_refused_total")),
            ("API keys", "ops", "{{change}}", rate("bedplate_api_key_changes_total", "change")),
            ("Providers' identities", "ops", "{{change}}", rate("bedplate_identity_changes_total", "change")),
            ("Roles", "ops", "{{change}}", rate("bedplate_role_changes_total", "change")),
            ("Teams made", "ops", "made", total("bedplate_teams_created_total")),
            ("Invitations", "ops", "{{outcome}}", rate("bedplate_invitations_total", "outcome")),
            ("Mails", "ops", "{{outcome}}", rate("bedplate_mails_total", "outcome")),
            ("Refreshes", "reqps", "{{status}}", rate(REQUESTS, "status", 'route="/v1/auth/refresh"')),
            ("Plans made", "ops", "made", total("bedplate_plans_created_total")),
            ("Documents taken in", "ops", "taken in", total("bedplate_plans_imported_total")),
            ("Conflicts in them", "ops", "conflicts", total("bedplate_import_conflicts_total")),
            ("Documents written", "ops", "written", total("bedplate_plans_exported_total")),
            ("Tasks added", "ops", "added", total("bedplate_tasks_created_total")),
            ("Tasks moved", "ops", "to {{after}}", rate("bedplate_tasks_moved_total", "after")),
            ("Tasks completed", "ops", "completed", total("bedplate_tasks_completed_total")),
            ("By hand", "ops", "{{change}}", rate("bedplate_interventions_total", "change")),
        ],
    ),
}


def dashboard(name: str, title: str, panels: list[Panel]) -> dict[str, Any]:
    """Render one dashboard, panels in rows of three."""
    return {
        "uid": f"bedplate-{name}",
        "title": title,
        "tags": ["bedplate"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Source"}]
        },
        "panels": [_panel(number, *panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, title: str, unit: str, legend: str, query: str) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": number % COLUMNS * WIDTH, "y": number // COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [{"refId": "A", "expr": query, "legendFormat": legend, "exemplar": True}],
    }


def main() -> None:
    """Write the files, or with --check say whether they are current."""
    for name, (title, panels) in DASHBOARDS.items():
        text = json.dumps(dashboard(name, title, panels), indent=2) + "\n"
        target = HERE / f"{name}.json"
        if "--check" not in sys.argv:
            target.write_text(text, "utf-8")
        elif target.read_text("utf-8") != text:
            sys.exit(f"{target.name} is not what build.py says; run it")


if __name__ == "__main__":
    main()
