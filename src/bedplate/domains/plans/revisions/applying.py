"""A merge's operations made to the rows, in bulk where they are many."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update

from bedplate.domains.audit import Actor
from bedplate.domains.plans.bulk import insert_rows
from bedplate.domains.plans.document.entities import Content, Entity
from bedplate.domains.plans.document.merging.merge import Create, Delete, Merge, Modify
from bedplate.domains.plans.document.writing.changes import by_ref
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.revisions.content import Loaded
from bedplate.domains.plans.revisions.settling import new_row, shape_of
from bedplate.domains.plans.revisions.shapes import GROUPS, SHAPES, Shape
from bedplate.domains.plans.tasks.models import TaskTransition
from bedplate.platform.db import Transaction, new_id, utcnow


@dataclass
class Applied:
    """How many rows were made, changed and removed; `ids` are the rows of the document's refs."""

    created: int = 0
    changed: int = 0
    deleted: int = 0
    skipped: int = 0
    ids: dict[str, UUID] = field(default_factory=dict[str, UUID])
    fresh: frozenset[UUID] = frozenset()


async def apply(
    session: Transaction, plan: Plan, ours: Loaded, theirs: Content, merged: Merge, actor: Actor
) -> Applied:
    """Delete, insert, then change; links of the document are turned into rows' ids on the way."""
    return await _Applying(session, plan, ours, theirs, merged, actor).run()


class _Applying:
    def __init__(
        self, session: Transaction, plan: Plan, ours: Loaded, theirs: Content, merged: Merge, actor: Actor
    ) -> None:
        self._session, self._plan, self._actor = session, plan, actor
        self._ours, self._theirs, self._merged = ours, theirs, merged
        self._known = by_ref(ours.content, GROUPS)
        self._result = Applied(
            ids={new: ours.ids[old] for new, old in merged.pairs.items() if old in ours.ids}
        )

    async def run(self) -> Applied:
        operations = self._merged.operations
        await self._delete([each for each in operations if isinstance(each, Delete)])
        await self._create([each.entity for each in operations if isinstance(each, Create)])
        for operation in operations:
            if isinstance(operation, Modify):
                await self._modify(operation)
        return self._result

    async def _delete(self, operations: list[Delete]) -> None:
        gone: dict[str, list[UUID]] = defaultdict(list)
        for operation in operations:
            if (shape := shape_of(self._known[operation.ours])) is not None:
                gone[shape.group].append(self._ours.ids[operation.ours])
        for shape in SHAPES:
            if gone[shape.group]:
                await self._session.execute(delete(shape.row).where(shape.row.id.in_(gone[shape.group])))
        self._result.deleted = sum(len(ids) for ids in gone.values())

    async def _create(self, entities: list[Entity]) -> None:
        wanted = {entity.ref: new_id() for entity in entities if shape_of(entity)}
        self._result.ids |= wanted
        fresh: set[UUID] = set()
        for shape in SHAPES:
            rows: list[dict[str, Any]] = []
            for position, entity in enumerate(getattr(self._theirs, shape.group)):
                if entity.ref in wanted:
                    row = self._row(shape, entity, position, wanted[entity.ref])
                    rows.extend([row] if row else [])
            if shape.group == "phases":
                self._free_ordinals(rows)
            if shape.group == "deferrals":
                rows = list({row["task_id"]: row for row in reversed(rows)}.values())
            await insert_rows(self._session, shape.row, rows)
            fresh |= {row["id"] for row in rows}
        self._result.created = len(fresh)
        self._result.skipped = len(wanted) - len(fresh)
        self._result.fresh = frozenset(fresh)
        missing = [ref for ref, row_id in wanted.items() if row_id not in fresh]
        for ref in missing:
            del self._result.ids[ref]

    def _row(self, shape: Shape, entity: Entity, position: int, row_id: UUID) -> dict[str, Any] | None:
        return new_row(shape, entity, position, self._plan, row_id, self._result.ids)

    def _free_ordinals(self, rows: list[dict[str, Any]]) -> None:
        """Two phases may carry the same number in a document; the later one goes behind the last."""
        gone = {each.ours for each in self._merged.operations if isinstance(each, Delete)}
        taken = {phase.ordinal for phase in self._ours.content.phases if phase.ref not in gone}
        for row in rows:
            if row["ordinal"] in taken:
                row["ordinal"] = max(taken) + 1
            taken.add(row["ordinal"])

    async def _modify(self, operation: Modify) -> None:
        entity = self._known[operation.ours]
        shape = shape_of(entity)
        if shape is None:
            self._modify_plan(operation.values)
            return
        values = self._columns(shape, operation.values)
        if not values:
            return
        self._result.changed += 1
        row_id = self._ours.ids[operation.ours]
        await self._session.execute(
            update(shape.row)
            .where(shape.row.id == row_id)
            .values(**values, version=shape.row.version + 1, updated_at=utcnow())
        )
        if shape.group == "tasks" and "state" in values:
            await self._record_move(row_id, getattr(entity, "state", "pending"), values["state"])
        if shape.group == "criteria" and "text" in values:
            await self._follow_figures(row_id, operation.theirs)

    def _modify_plan(self, values: dict[str, object]) -> None:
        """A document without a title leaves the plan its own."""
        for name, value in values.items():
            if name != "title" or value:
                setattr(self._plan, name, value)

    def _columns(self, shape: Shape, values: dict[str, object]) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for name, value in values.items():
            if name not in shape.links:
                columns[name] = value
                continue
            target = self._result.ids.get(value) if isinstance(value, str) else None
            if target is not None or name not in shape.needed:
                columns[f"{name}_id"] = target
        return columns

    async def _follow_figures(self, row_id: UUID, ref: str) -> None:
        shape = next(shape for shape in SHAPES if shape.group == "criteria")
        criterion = next(each for each in self._theirs.criteria if each.ref == ref)
        await self._session.execute(
            update(shape.row).where(shape.row.id == row_id).values(current=criterion.current)
        )

    async def _record_move(self, task_id: UUID, before: str, after: Any) -> None:
        row = {
            "id": new_id(),
            "team_id": self._plan.team_id,
            "plan_id": self._plan.id,
            "task_id": task_id,
            "from_state": before,
            "to_state": after,
            "reason": "import",
            "actor_id": self._actor.user_id,
        }
        await insert_rows(self._session, TaskTransition, [row])
