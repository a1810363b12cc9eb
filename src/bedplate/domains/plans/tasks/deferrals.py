from collections.abc import Callable
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select

from bedplate.domains.audit import Actor
from bedplate.domains.plans.phases.models import Phase
from bedplate.domains.plans.scope import same_plan
from bedplate.domains.plans.tasks.models import Deferral, Task
from bedplate.domains.plans.tasks.schemas import DeferralBody, DeferralView
from bedplate.domains.plans.tasks.service import TaskService
from bedplate.platform.db import Transaction, new_id
from bedplate.platform.errors import NotFound


class DeferralService:
    """Tasks put off, and taken up again."""

    def __init__(self, session: Transaction) -> None:
        self._session = session
        self._tasks = TaskService(session)

    async def defer(
        self,
        task_id: UUID,
        body: DeferralBody,
        user_id: UUID,
        actor: Actor,
        *,
        check: Callable[[int | None], None],
    ) -> DeferralView:
        """Put a task off; doing it again replaces what was said.

        `check` is given the version that is, or None, before anything changes.

        Raises:
            PreconditionFailed: by `check`.
            NotFound: the task is in none of the person's teams.
            OtherPlan: `until_phase_id` is not a phase of the plan.
        """
        session = self._session
        task = await self._tasks.to_change(task_id, user_id)
        await same_plan(session, Phase, body.until_phase_id, task.plan_id, "/until_phase_id")
        deferral = await self._of(task_id)
        check(None if deferral is None else deferral.version)
        if deferral is None:
            deferral = await self._new(task)
        for name, value in msgspec.structs.asdict(body).items():
            setattr(deferral, name, value)
        await session.flush()
        await self._tasks.move(task, "deferred", body.reason, actor)
        await self._tasks.tell("task.deferred", task, actor)
        return DeferralView(**{name: getattr(deferral, name) for name in DeferralView.__struct_fields__})

    async def to_change(self, task_id: UUID, user_id: UUID) -> tuple[Task, Deferral]:
        """Lock a task that is put off.

        Raises:
            NotFound: the task is in none of the person's teams, or is not put off.
        """
        task = await self._tasks.to_change(task_id, user_id)
        deferral = await self._of(task_id)
        if deferral is None:
            raise NotFound
        return task, deferral

    async def resume(self, task: Task, deferral: Deferral, actor: Actor) -> None:
        """Take a task up again."""
        await self._session.execute(delete(Deferral).where(Deferral.id == deferral.id))
        await self._tasks.move(task, "pending", "taken up again", actor)

    async def _of(self, task_id: UUID) -> Deferral | None:
        return await self._session.scalar(select(Deferral).where(Deferral.task_id == task_id))

    async def _new(self, task: Task) -> Deferral:
        deferral_id = new_id()
        highest = select(func.coalesce(func.max(Deferral.position) + 1, 0))
        position = await self._session.scalar(highest.where(Deferral.plan_id == task.plan_id))
        deferral = Deferral(
            id=deferral_id,
            team_id=task.team_id,
            plan_id=task.plan_id,
            task_id=task.id,
            ref=f"row:{deferral_id}",
            position=position,
        )
        self._session.add(deferral)
        return deferral
