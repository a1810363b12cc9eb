"""Operations: jobs as their owners see and steer them, and schedules for administrators."""

from litestar.di import Provide

from bedplate.domains.operations.controllers import JobController
from bedplate.domains.operations.dependencies import provide_book, provide_runtime
from bedplate.domains.operations.jobs import SWEEP_HOURLY, sweep_idempotency
from bedplate.domains.operations.queues import QueueController
from bedplate.domains.operations.schedules import ScheduleController
from bedplate.platform.domain import Domain
from bedplate.platform.jobs.errors import JobKeyTaken

DOMAIN = Domain(
    name="operations",
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
)

__all__ = ["DOMAIN"]
