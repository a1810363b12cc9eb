"""Operations: jobs as their owners see and steer them, and schedules for administrators."""

from litestar.di import Provide

from bedplate.domains.operations.controllers import JobController
from bedplate.domains.operations.dependencies import provide_book, provide_runtime
from bedplate.domains.operations.jobs import SWEEP_HOURLY, sweep_idempotency
from bedplate.domains.operations.metrics import METRICS
from bedplate.domains.operations.queues import QueueController
from bedplate.domains.operations.schedules import ScheduleController
from bedplate.platform.domain import Domain
from bedplate.platform.jobs.errors import JobKeyTaken

DOMAIN = Domain(
    name="operations",
    metrics=METRICS,
    controllers=(JobController, ScheduleController, QueueController),
    jobs=(sweep_idempotency,),
    schedules=(SWEEP_HOURLY,),
    permissions={
        "jobs:read": "See one's own jobs and those of one's teams",
        "jobs:write": "Start, cancel and retry jobs",
        "schedules:read": "See schedules",
        "schedules:write": "Pause, resume and run schedules",
    },
    errors={"uq_job_active_key": JobKeyTaken},
    dependencies={
        "jobs": Provide(provide_runtime, sync_to_thread=False),
        "book": Provide(provide_book, sync_to_thread=False),
    },
    examples={
        "attempts": 1,
        "max_attempts": 5,
        "progress": 75,
        "tags": ["nightly"],
        "catch_up": "latest",
        "cron": "0 3 * * *",
        "message": "3 of 4 steps",
        "queue": "default",
        "timezone": "UTC",
        "JobView.state": "running",
        "JobView.type": "plans.export",
        "QueueView.name": "default",
        "ScheduleView.name": "accounts.erase",
        "ScheduleView.type": "accounts.erase",
        "StartJob.payload": {"plan_id": "0198f2c4-7d10-7c3a-9a51-6f0e2b7d4c18"},
    },
)

__all__ = ["DOMAIN"]
