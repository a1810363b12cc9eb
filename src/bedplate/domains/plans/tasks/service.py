from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy import ColumnElement, delete, func, insert, select

from bedplate.domains.audit import Actor
from bedplate.domains.plans.document.entities import State
from bedplate.domains.plans.events.service import changed
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.phases.models import Phase
from bedplate.domains.plans.scope import plan_to_change, row_to_change, same_plan
from bedplate.domains.plans.tasks.checklist import change_items, new_items
from bedplate.domains.plans.tasks.models import Task, TaskTransition
from bedplate.domains.plans.tasks.schemas import NewTask, TaskPatch
from bedplate.platform.db import Transaction, new_id
from bedplate.platform.errors import invalid

_LAST_PLACE = 2_000_000_000
_NOT_COLUMNS = frozenset({"state", "reason", "checklist"})


class TaskService:
    """Tasks: add, change, move between states, remove."""

    def __init__(self, session: Transaction) -> None:
        self._session = session

    async def to_change(self, task_id: UUID, user_id: UUID) -> Task:
        """Lock a task for its change.

        Raises:
            NotFound: it is in none of the person's teams, or nowhere.
            TeamRoleTooLow: the person may only look.
        """
        return await row_to_change(self._session, Task, task_id, user_id)

    async def add(self, plan_id: UUID, new: NewTask, user_id: UUID, actor: Actor) -> Task:
        """Add a task to a plan in which the person may write."""
        plan = await plan_to_change(self._session, plan_id, user_id)
        return await self.add_to(plan, new, actor)

    async def add_to(self, plan: Plan, new: NewTask, actor: Actor) -> Task:
        """Add a task to a plan.

        Raises:
            OtherPlan: its phase or parent is not the plan's.
            ExternalIdTaken: another task stands for the external item.
        """
        session = self._session
        await self._check(plan.id, msgspec.structs.asdict(new))
        task_id = new_id()
        fields = {k: v for k, v in msgspec.structs.asdict(new).items() if k not in {"checklist", "position"}}
        position = new.position if new.position is not None else _behind_all(plan.id)
        task = Task(
            id=task_id,
            team_id=plan.team_id,
            plan_id=plan.id,
            ref=f"row:{task_id}",
            position=position,
            **fields,
        )
        session.add(task)
        await session.flush()
        await new_items(session, task, new.checklist)
        await self.tell("task.created", task, actor)
        return task

    async def change(self, task: Task, patch: TaskPatch, actor: Actor) -> None:
        """Change a task's fields, its state and its checklist; the version moves once.

        Raises:
            OtherPlan: its phase or parent is not the plan's.
            Invalid: a parent below itself, or an item that is not the task's.
        """
        given = msgspec.structs.asdict(patch)
        values = {k: v for k, v in given.items() if v is not UNSET and k not in _NOT_COLUMNS}
        await self._check(task.plan_id, values, task.id)
        for name, value in values.items():
            setattr(task, name, value)
        if patch.checklist is not UNSET:
            await change_items(self._session, task, patch.checklist)
        moved = patch.state is not UNSET and await self.move(
            task, patch.state, patch.reason if patch.reason is not UNSET else "", actor
        )
        await self._session.flush()
        if values or patch.checklist is not UNSET or not moved:
            await self.tell(
                "task.updated", task, actor, fields=sorted(k for k in given if given[k] is not UNSET)
            )

    async def move(self, task: Task, state: State, reason: str, actor: Actor) -> bool:
        """Take a task to a state; what ends it gives back its claim. False when it is there already."""
        before = task.state
        if before == state:
            return False
        task.state = state
        task.evidence = agreeing(task.evidence, state)
        if state in {"completed", "cancelled", "deferred"}:
            task.claimed_by = task.lease_until = None
        await self._session.flush()
        await record_move(self._session, task, before, reason, actor)
        return True

    async def remove(self, task: Task, actor: Actor) -> None:
        """Remove a task with its checklist and its edges; its children stay, under nobody."""
        await self.tell("task.deleted", task, actor)
        await self._session.execute(delete(Task).where(Task.id == task.id))

    async def _check(self, plan_id: UUID, values: dict[str, Any], task_id: UUID | None = None) -> None:
        await same_plan(self._session, Phase, values.get("phase_id"), plan_id, "/phase_id")
        parent = values.get("parent_id")
        await same_plan(self._session, Task, parent, plan_id, "/parent_id")
        if parent is not None and task_id is not None and await self._is_below(parent, task_id):
            raise invalid("/parent_id", "cycle", "A task cannot stand below itself")

    async def _is_below(self, task_id: UUID, top: UUID) -> bool:
        """Whether a task is another or stands below it."""
        above = select(Task.id, Task.parent_id).where(Task.id == task_id).cte("above", recursive=True)
        above = above.union(select(Task.id, Task.parent_id).where(Task.id == above.c.parent_id))
        return await self._session.scalar(select(above.c.id).where(above.c.id == top)) is not None

    async def tell(self, event: str, task: Task, actor: Actor, **data: Any) -> None:
        """Write what happened to a task."""
        resource = f"task:{task.id}"
        await changed(
            self._session, event, actor, plan_id=task.plan_id, team_id=task.team_id, resource=resource, **data
        )


def _behind_all(plan_id: UUID) -> ColumnElement[int]:
    """The place behind a plan's last task, as a value of the statement that writes the next one."""
    last = select(func.max(Task.position)).where(Task.plan_id == plan_id).scalar_subquery()
    return func.least(func.coalesce(last + 1, 0), _LAST_PLACE)


async def record_move(session: Transaction, task: Task, before: str, reason: str, actor: Actor) -> None:
    """Write a transition that was made."""
    await session.execute(
        insert(TaskTransition).values(
            id=new_id(),
            team_id=task.team_id,
            plan_id=task.plan_id,
            task_id=task.id,
            from_state=before,
            to_state=task.state,
            reason=reason,
            actor_id=actor.user_id,
        )
    )
    await changed(
        session, "task.moved", actor, plan_id=task.plan_id, team_id=task.team_id, resource=f"task:{task.id}",
        before=before, after=task.state,
    )  # fmt: skip


def agreeing(evidence: dict[str, Any], state: str) -> dict[str, Any]:
    """The evidence of a document that will state the new state wherever it states one for the task itself."""
    return evidence | {name: state for name in ("heading", "status") if evidence.get(name)}
