from collections.abc import Iterable

from bedplate.platform.jobs.ledger.claims import Claim
from bedplate.platform.jobs.ledger.outcomes import Recorded
from bedplate.platform.jobs.models import ENDED as ENDED_STATES
from bedplate.platform.telemetry.metrics import LONG_SECONDS, counter, gauge, histogram

WAIT = histogram("job_wait_seconds", "From due to begun.", ["queue"], buckets=LONG_SECONDS)
RUN = histogram("job_run_seconds", "Length of an attempt.", ["task"], buckets=LONG_SECONDS)
ATTEMPTS = counter("job_attempts_total", "Attempts by how they ended.", ["task", "ending"])
ENDED = counter("jobs_ended_total", "Jobs by the state they ended in.", ["task", "state"])
RUNNING = gauge("jobs_running", "Attempts under way.", ["queue"])
DEPTH = gauge("jobs_queued", "Jobs that are due and wait.", ["queue"], mode="mostrecent")
OLDEST = gauge("job_oldest_age_seconds", "Age of the oldest job that is due.", ["queue"], mode="mostrecent")
DEAD = gauge("jobs_dead", "Dead letters that wait for somebody.", mode="mostrecent")
WORKERS = gauge("workers", "Workers that PostgreSQL sees alive.", mode="mostrecent")
MISSED = counter("schedule_missed_total", "Firings that an outage swallowed.", ["schedule"])
LOST = counter("jobs_lost_total", "Jobs taken from a worker that fell silent.", ["task"])
CARRIER_ERRORS = counter("job_carrier_errors_total", "Failures to read the queue.")


def begin(tasks: Iterable[str], queues: Iterable[str], schedules: Iterable[str]) -> None:
    """Make the series stand at zero before their first event."""
    names, places = list(tasks), list(queues)
    for series in (WAIT, RUNNING, DEPTH, OLDEST):
        series.begin(places)
    for series in (RUN, LOST):
        series.begin(names)
    ATTEMPTS.begin(names, ("succeeded", "error", "permanent", "timeout", "cancelled"))
    ENDED.begin(names, ENDED_STATES)
    MISSED.begin(schedules)
    DEAD.begin()
    CARRIER_ERRORS.begin()


def started(claim: Claim) -> None:
    """Note that an attempt begins."""
    WAIT(claim.queue).observe((claim.started_at - claim.available_at).total_seconds())
    RUNNING(claim.queue).inc()


def stopped(claim: Claim, seconds: float) -> None:
    """Note that an attempt is over, whatever came of it."""
    RUNNING(claim.queue).dec()
    RUN(claim.task).observe(seconds)


def ended(claim: Claim, recorded: Recorded) -> None:
    """Note what the ledger says that came of it."""
    ATTEMPTS(claim.task, recorded.ending or "succeeded").inc()
    if recorded.state != "queued":
        ENDED(claim.task, recorded.state).inc()


def cancelled(tasks: Iterable[str]) -> None:
    """Note the ends of jobs that were cancelled before they began, or between two attempts."""
    for task in tasks:
        ENDED(task, "cancelled").inc()
