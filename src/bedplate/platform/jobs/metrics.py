from prometheus_client import Counter, Gauge, Histogram

from bedplate.platform.jobs.ledger.claims import Claim
from bedplate.platform.jobs.ledger.outcomes import Outcome

SECONDS = (0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)

WAIT = Histogram("bedplate_job_wait_seconds", "From due to begun", ["queue"], buckets=SECONDS)
RUN = Histogram("bedplate_job_run_seconds", "Length of an attempt", ["task"], buckets=SECONDS)
ATTEMPTS = Counter("bedplate_job_attempts_total", "Attempts by how they ended", ["task", "ending"])
ENDED = Counter("bedplate_jobs_ended_total", "Jobs by the state they ended in", ["task", "state"])
RUNNING = Gauge("bedplate_jobs_running", "Attempts under way in this process", ["queue"])
DEPTH = Gauge("bedplate_jobs_queued", "Jobs that are due and wait", ["queue"])
OLDEST = Gauge("bedplate_job_oldest_age_seconds", "Age of the oldest job that is due", ["queue"])
DEAD = Gauge("bedplate_jobs_dead", "Dead letters that wait for somebody")
MISSED = Counter("bedplate_schedule_missed_total", "Firings that an outage swallowed", ["schedule"])
LOST = Counter("bedplate_jobs_lost_total", "Jobs taken from a worker that fell silent", ["task"])
CARRIER_ERRORS = Counter("bedplate_job_carrier_errors_total", "Failures of the queue's Redis")


def started(claim: Claim) -> None:
    """Note that an attempt begins."""
    WAIT.labels(claim.queue).observe((claim.started_at - claim.available_at).total_seconds())
    RUNNING.labels(claim.queue).inc()


def stopped(claim: Claim, seconds: float) -> None:
    """Note that an attempt is over, whatever came of it."""
    RUNNING.labels(claim.queue).dec()
    RUN.labels(claim.task).observe(seconds)


def ended(claim: Claim, outcome: Outcome) -> None:
    """Note what came of it."""
    ATTEMPTS.labels(claim.task, outcome.ending or "succeeded").inc()
    if outcome.state != "queued":
        ENDED.labels(claim.task, outcome.state).inc()
