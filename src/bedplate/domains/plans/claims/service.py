import datetime as dt
from uuid import UUID

from sqlalchemy import func, or_, select

from bedplate.domains.audit import Actor
from bedplate.domains.plans.document.analysis.graph import graph_of
from bedplate.domains.plans.document.analysis.readiness import ready
from bedplate.domains.plans.errors import AlreadyClaimed, NothingReady, NotReady
from bedplate.domains.plans.revisions.content import GRAPH
from bedplate.domains.plans.scope import plan_to_change
from bedplate.domains.plans.tasks.models import PRIORITIES, Task
from bedplate.domains.plans.tasks.service import TaskService
from bedplate.platform.db import Transaction, utcnow

CLAIMABLE = ("pending", "in_progress")


class ClaimService:
    """Who works on what: leased, so that what a dead worker held comes free by itself."""

    def __init__(self, session: Transaction) -> None:
        self._session = session
        self._tasks = TaskService(session)

    async def claim_next(self, plan_id: UUID, seconds: int, user_id: UUID, actor: Actor) -> Task:
        """Claim the most urgent ready task that nobody holds; of two at once, each gets another.

        Raises:
            NothingReady: there is none.
        """
        session = self._session
        plan = await plan_to_change(session, plan_id, user_id)
        loaded = await GRAPH.in_transaction(session, plan.id)
        vertices = loaded.content.tasks
        wanted = set(ready(graph_of(loaded.content)).ready)
        ordered = sorted(
            (task for task in vertices if task.ref in wanted),
            key=lambda task: PRIORITIES.index(task.priority),
        )
        ids = [loaded.ids[task.ref] for task in ordered]
        free = or_(Task.claimed_by.is_(None), Task.lease_until < utcnow())
        task = await session.scalar(
            select(Task)
            .where(Task.id.in_(ids), Task.state == "pending", free)
            .order_by(func.array_position(ids, Task.id))
            .limit(1)
            .with_for_update(key_share=True, skip_locked=True)
        )
        if task is None:
            raise NothingReady
        await self._hold(task, seconds, user_id, actor)
        return task

    async def claim(self, task_id: UUID, seconds: int, user_id: UUID, actor: Actor) -> Task:
        """Claim a task, or renew one's claim of it.

        Raises:
            AlreadyClaimed: somebody else holds it.
            NotReady: it is closed, put off or in review.
        """
        task = await self._tasks.to_change(task_id, user_id)
        _refuse_other(task, user_id)
        if task.state not in CLAIMABLE:
            raise NotReady(f"The task is {task.state}")
        await self._hold(task, seconds, user_id, actor)
        return task

    async def release(self, task_id: UUID, user_id: UUID, actor: Actor) -> Task:
        """Give a claim back; without one nothing happens.

        Raises:
            AlreadyClaimed: somebody else holds it.
        """
        task = await self._tasks.to_change(task_id, user_id)
        _refuse_other(task, user_id)
        if task.claimed_by is not None:
            task.claimed_by = task.lease_until = None
            await self._session.flush()
            await self._tasks.tell("task.released", task, actor)
        return task

    async def _hold(self, task: Task, seconds: int, user_id: UUID, actor: Actor) -> None:
        task.claimed_by = user_id
        task.lease_until = utcnow() + dt.timedelta(seconds=seconds)
        await self._session.flush()
        await self._tasks.tell("task.claimed", task, actor, seconds=seconds)


def _refuse_other(task: Task, user_id: UUID) -> None:
    held = task.lease_until is not None and task.lease_until > utcnow()
    if held and task.claimed_by != user_id:
        raise AlreadyClaimed
