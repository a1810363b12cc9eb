"""Durable jobs: PostgreSQL remembers, SAQ carries. A job runs at least once after the commit that wrote it."""

from bedplate.platform.jobs.carrier import Carrier, MemoryCarrier
from bedplate.platform.jobs.carrier_redis import RedisCarrier
from bedplate.platform.jobs.context import JobContext
from bedplate.platform.jobs.control import forget_owner
from bedplate.platform.jobs.enqueue import enqueue, enqueue_alone, enqueue_many
from bedplate.platform.jobs.errors import Permanent
from bedplate.platform.jobs.runtime import JobsRuntime
from bedplate.platform.jobs.schedules import Schedule
from bedplate.platform.jobs.service import JobBook
from bedplate.platform.jobs.tasks import Empty, Rate, Task, task
from bedplate.platform.jobs.views import JobView
from bedplate.platform.jobs.workflow import Step, chain, fan_out

__all__ = [
    "Carrier",
    "Empty",
    "JobBook",
    "JobContext",
    "JobView",
    "JobsRuntime",
    "MemoryCarrier",
    "Permanent",
    "Rate",
    "RedisCarrier",
    "Schedule",
    "Step",
    "Task",
    "chain",
    "enqueue",
    "enqueue_alone",
    "enqueue_many",
    "fan_out",
    "forget_owner",
    "task",
]
