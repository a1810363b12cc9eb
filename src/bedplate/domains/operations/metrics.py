from bedplate.platform.telemetry.tallies import Tally

CHANGES = ("job.cancelled", "job.retried", "schedule.paused", "schedule.resumed", "schedule.run")

METRICS = (
    Tally(
        "interventions_total",
        "What people did to jobs and schedules by hand.",
        {change: {"change": change} for change in CHANGES},
        {"change": CHANGES},
    ),
)
