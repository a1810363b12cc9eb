from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.audit import Actor
from bedplate.domains.plans.dependencies.cycles import closing_path, lock_edges
from bedplate.domains.plans.dependencies.models import Dependency, GraphNode
from bedplate.domains.plans.dependencies.schemas import DependencyView, NewDependency
from bedplate.domains.plans.errors import DependencyCycle, DependencyExists, DependencyStated
from bedplate.domains.plans.events.service import changed
from bedplate.domains.plans.scope import row_to_change, same_plan
from bedplate.domains.plans.tasks.models import Task
from bedplate.platform.db import Transaction, new_id
from bedplate.platform.errors import invalid

FIELDS = DependencyView.__struct_fields__


class DependencyService:
    """Edges between tasks: add without closing a cycle, remove."""

    def __init__(self, session: Transaction) -> None:
        self._session = session

    async def add(self, task_id: UUID, new: NewDependency, user_id: UUID, actor: Actor) -> DependencyView:
        """Let a task wait for another one of its plan.

        Raises:
            NotFound: the task is in none of the person's teams.
            OtherPlan: the blocker is not of the plan.
            DependencyCycle: the blocker waits for the task already; it names the path.
            DependencyExists: there is such an edge.
        """
        session = self._session
        task = await row_to_change(session, Task, task_id, user_id)
        if new.blocker_id == task_id:
            raise invalid("/blocker_id", "self", "A task cannot wait for itself")
        await same_plan(session, Task, new.blocker_id, task.plan_id, "/blocker_id")
        if new.type == "blocks":
            await lock_edges(session, task.plan_id)
            await self._refuse_cycle(task.plan_id, new.blocker_id, task_id)
        values = {
            "id": new_id(),
            "team_id": task.team_id,
            "plan_id": task.plan_id,
            "blocked_id": task_id,
            "blocker_id": new.blocker_id,
            "type": new.type,
            "origin": "api",
        }
        statement = insert(Dependency).values(values).on_conflict_do_nothing()
        row = (await session.execute(statement.returning(*_columns()))).one_or_none()
        if row is None:
            raise DependencyExists
        view = DependencyView(*row)
        await self._tell("dependency.created", view, task.team_id, actor)
        return view

    async def to_change(self, dependency_id: UUID, user_id: UUID) -> Dependency:
        """An edge, for its removal.

        Raises:
            NotFound: it is in none of the person's teams, or nowhere.
        """
        return await row_to_change(self._session, Dependency, dependency_id, user_id)

    async def remove(self, dependency: Dependency, actor: Actor) -> None:
        """Remove an edge that a client made.

        Raises:
            DependencyStated: the document states it.
        """
        if dependency.origin != "api":
            raise DependencyStated
        view = DependencyView(**{name: getattr(dependency, name) for name in FIELDS})
        await self._tell("dependency.deleted", view, dependency.team_id, actor)
        await self._session.execute(delete(Dependency).where(Dependency.id == dependency.id))

    async def _refuse_cycle(self, plan_id: UUID, blocker: UUID, blocked: UUID) -> None:
        path = await closing_path(self._session, plan_id, blocker, blocked)
        if path is not None:
            closed = [*path, path[0]]
            labels = await self._labels(path)
            names = [labels.get(key, str(key)) for key in closed]
            raise DependencyCycle([str(key) for key in closed], names)

    async def _labels(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        tasks = await self._session.execute(select(Task.id, Task.number, Task.title).where(Task.id.in_(ids)))
        labels = {row[0]: f"{row[1]}. {row[2]}" if row[1] else str(row[2]) for row in tasks}
        nodes = await self._session.execute(
            select(GraphNode.id, GraphNode.label).where(GraphNode.id.in_(ids))
        )
        return labels | {row[0]: row[1] for row in nodes}

    async def _tell(self, event: str, edge: DependencyView, team_id: UUID, actor: Actor) -> None:
        await changed(
            self._session, event, actor, plan_id=edge.plan_id, team_id=team_id,
            resource=f"dependency:{edge.id}", blocker=str(edge.blocker_id), blocked=str(edge.blocked_id),
        )  # fmt: skip


def _columns() -> list[ColumnElement[Any]]:
    return [getattr(Dependency, name) for name in FIELDS]
