from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bedplate.platform.background import in_background
from bedplate.platform.db import Database
from bedplate.platform.jobs import metrics
from bedplate.platform.jobs.carrier import Carrier
from bedplate.platform.jobs.events import Watch
from bedplate.platform.jobs.gauges import QueueGauges
from bedplate.platform.jobs.handover import Handover, register_handover
from bedplate.platform.jobs.schedules import Schedule, Scheduler
from bedplate.platform.jobs.tasks import Task, Tasks
from bedplate.platform.jobs.worker import JobsWorker
from bedplate.settings.jobs import JobsSettings


class JobsRuntime:
    """The jobs of a process: within its lifespan, `enqueue` announces what was committed at once.

    `resources` are what bodies ask for by `ctx.resource`: a mapping from type to object.

    Raises:
        ValueError: a task's unique key holds for longer than its ended jobs are kept.
    """

    def __init__(
        self,
        database: Database,
        settings: JobsSettings,
        carrier: Carrier,
        *,
        tasks: Iterable[Task[Any]],
        schedules: Iterable[Schedule] = (),
        resources: Mapping[type, object] | None = None,
    ) -> None:
        self.database = database
        self.settings = settings
        self.carrier = carrier
        self.tasks = Tasks(tasks)
        for one in self.tasks.all():
            _require_memory(one, settings)
        self.scheduler = Scheduler(database, schedules)
        self.resources = dict(resources or {})
        self.watch = Watch(database.reads)

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncGenerator[None]:
        """Announce committed jobs for as long as the application runs."""
        metrics.begin((task.name for task in self.tasks.all()), self.tasks.queues(), self.scheduler.schedules)
        handover = Handover(self.carrier)
        register_handover(self.database, handover)
        try:
            async with in_background(self.gauges().run()):
                yield
        finally:
            register_handover(self.database, None)
            await handover.close()
            await self.carrier.close()

    def gauges(self) -> QueueGauges:
        """What tells the queues' lengths and ages."""
        rated = [task.name for task in self.tasks.limited() if task.rate is not None]
        return QueueGauges(self.database.reads, queues=self.tasks.queues(), rated=rated)

    def worker(self, queues: Sequence[str] = ()) -> JobsWorker:
        """Make a worker for some queues, or for all that the tasks use; to be called within the lifespan."""
        return JobsWorker(
            self.database, self.carrier, self.settings, self.tasks, self.scheduler, self.resources, queues
        )

    async def run_until_idle(self) -> None:
        """Run in this process all that is due, and what that enqueues, then return."""
        await self.worker().run_until_idle()


def _require_memory(task: Task[Any], settings: JobsSettings) -> None:
    kept = {
        "BEDPLATE_JOBS_KEEP_CANCELLED": settings.keep_cancelled,
        "BEDPLATE_JOBS_KEEP_SUCCEEDED": task.keep or settings.keep_succeeded,
        "BEDPLATE_JOBS_KEEP_FAILED": task.keep or settings.keep_failed,
    }
    shortest = min(kept, key=kept.__getitem__)
    if (task.unique_for or 0.0) > kept[shortest]:
        raise ValueError(
            f"{task.name}: a unique key that holds for {task.unique_for:g} s outlasts its ended jobs, kept for "
            f"{kept[shortest]:g} s: shorten unique_for, or lengthen the task's keep and {shortest}"
        )
