"""Rows brought in step with a revision: what each is called in it, where it stands, what only it says."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete

from bedplate.domains.plans.bulk import insert_rows, update_rows
from bedplate.domains.plans.dependencies.models import Dependency
from bedplate.domains.plans.document import Document
from bedplate.domains.plans.document.analysis.graph import links_of
from bedplate.domains.plans.document.entities import Content, Entity
from bedplate.domains.plans.document.reading.blocks import Block
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.revisions.content import Loaded
from bedplate.domains.plans.revisions.models import DocumentBlock
from bedplate.domains.plans.revisions.shapes import BY_ENTITY, SHAPES, Shape
from bedplate.domains.plans.tasks.models import STATES
from bedplate.domains.plans.tasks.service import agreeing
from bedplate.platform.db import Transaction, new_id

NOWHERE = {"line": 0, "end_line": 0}


async def settle(
    session: Transaction,
    plan: Plan,
    document_id: UUID,
    document: Document,
    *,
    before: Loaded,
    ids: Mapping[str, UUID],
    fresh: frozenset[UUID] = frozenset(),
    states: Mapping[str, str] | None = None,
) -> None:
    """Call each row what the revision calls it, `ids` by the revision's refs; `before` are the rows so far.

    `fresh` rows were inserted in step already. `states` are the tasks' states where they differ from the
    revision's, by its refs.
    """
    for shape in SHAPES:
        rows = [
            _settled(shape, entity, position, ids, states or {})
            for position, entity in enumerate(getattr(document.content, shape.group))
            if entity.ref in ids and ids[entity.ref] not in fresh
        ]
        await update_rows(session, shape.row, rows)
    await _unsettle(session, before, set(ids.values()))
    await _write_edges(session, plan, document.content, ids)
    await insert_rows(session, DocumentBlock, [_block(document_id, block) for block in document.blocks])


def new_row(
    shape: Shape, entity: Entity, position: int, plan: Plan, row_id: UUID, ids: Mapping[str, UUID]
) -> dict[str, Any] | None:
    """The columns of an entity's row; None when it belongs to a task that the plan does not have."""
    links = {f"{name}_id": ids.get(getattr(entity, name) or "") for name in shape.links}
    if any(links[f"{name}_id"] is None for name in shape.needed):
        return None
    return {
        "id": row_id,
        "team_id": plan.team_id,
        "plan_id": plan.id,
        "ref": entity.ref,
        "position": position,
        "line": entity.line,
        "end_line": entity.end_line,
        **{name: getattr(entity, name) for name in shape.fields},
        **links,
    }


def _settled(
    shape: Shape, entity: Entity, position: int, ids: Mapping[str, UUID], states: Mapping[str, str]
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": ids[entity.ref],
        "ref": entity.ref,
        "position": position,
        "line": entity.line,
        "end_line": entity.end_line,
    }
    for name in shape.followed:
        if name in shape.links:
            values[f"{name}_id"] = ids.get(getattr(entity, name) or "")
        elif name == "evidence" and states.get(entity.ref) in STATES:
            values[name] = agreeing(msgspec.to_builtins(getattr(entity, name)), states[entity.ref])
        else:
            values[name] = getattr(entity, name)
    return values


async def _unsettle(session: Transaction, before: Loaded, kept: set[UUID]) -> None:
    """A row that the revision does not have is called by its id, so that no other can be taken for it."""
    for shape in SHAPES:
        left = [
            {"id": before.ids[entity.ref], "ref": f"row:{before.ids[entity.ref]}", **NOWHERE}
            for entity in getattr(before.content, shape.group)
            if before.ids[entity.ref] not in kept
        ]
        await update_rows(session, shape.row, left)


async def _write_edges(session: Transaction, plan: Plan, content: Content, ids: Mapping[str, UUID]) -> None:
    """The dependencies that the document states, in the place of those that the one before stated."""
    stated = (Dependency.plan_id == plan.id, Dependency.origin.in_(("prose", "graph")))
    await session.execute(delete(Dependency).where(*stated))
    tasks = {task.ref for task in content.tasks if task.ref in ids}
    rows = [
        {
            "id": new_id(),
            "team_id": plan.team_id,
            "plan_id": plan.id,
            "blocker_id": ids[link.blocker],
            "blocked_id": ids[link.blocked],
            "type": "blocks",
            "origin": link.origin,
        }
        for link in links_of(content)
        if link.blocker in tasks and link.blocked in tasks
    ]
    await insert_rows(session, Dependency, [row for row in rows if row["blocker_id"] != row["blocked_id"]])


def _block(document_id: UUID, block: Block) -> dict[str, Any]:
    return {
        "document_id": document_id,
        "ordinal": block.ordinal,
        "kind": block.kind,
        "start": block.start,
        "end": block.end,
        "hash": block.hash,
        "entity": block.entity,
    }


def shape_of(entity: Entity) -> Shape | None:
    """How an entity is kept; None for what rows do not know."""
    return BY_ENTITY.get(type(entity))
