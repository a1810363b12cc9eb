"""A plan's rows read as what a document says: one statement, its groups as JSON, decoded into entities."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, Text, bindparam, cast, func, literal_column, select
from sqlalchemy.orm import aliased

from bedplate.domains.plans.dependencies.models import Dependency
from bedplate.domains.plans.document.entities import Content, Link
from bedplate.domains.plans.document.entities import Plan as StatedPlan
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.revisions.shapes import SHAPES, Shape
from bedplate.domains.plans.tasks.models import Task
from bedplate.platform.db import ReadPool, Transaction
from bedplate.platform.db.reads import CompiledStatement

GRAPH_GROUPS = ("phases", "tasks", "prose", "nodes", "arrows")
_PLAN_FIELDS = (
    "title", "document_kind", "document_version", "document_updated_on", "current_phase", "status",
    "update_frequency", "review_schedule",
)  # fmt: skip


class Loaded(msgspec.Struct, frozen=True):
    """`content` in refs, and the row's id for each ref."""

    content: Content
    ids: dict[str, UUID]


class _Keyed(msgspec.Struct):
    ref: str
    id: UUID


class Reading:
    """Reads some groups of a plan's rows; the dependencies made by API are always among them."""

    def __init__(self, groups: Collection[str]) -> None:
        shapes = [shape for shape in SHAPES if shape.group in groups]
        parts = [_plan(), _links(), *(_group(shape) for shape in shapes)]
        self._statement = select(*parts)
        self._compiled = CompiledStatement(self._statement)
        self._groups = [
            (shape.group, msgspec.json.Decoder(tuple[shape.entity, ...]))
            for shape in shapes  # type: ignore[name-defined]
        ]
        self._keys = msgspec.json.Decoder(list[_Keyed])
        self._links = msgspec.json.Decoder(tuple[Link, ...])

    async def read(self, reads: ReadPool, plan_id: UUID) -> Loaded:
        """Read outside a transaction; the plan exists, and its caller may see it."""
        row = await reads.fetchrow(self._compiled.sql, *self._compiled.arguments({"plan_id": plan_id}))
        return self._loaded(list(row or []))

    async def in_transaction(self, session: Transaction, plan_id: UUID) -> Loaded:
        """Read what a transaction sees."""
        row = (await session.execute(self._statement, {"plan_id": plan_id})).one()
        return self._loaded(list(row))

    def _loaded(self, row: list[Any]) -> Loaded:
        plan, links, *texts = row
        ids: dict[str, UUID] = {}
        groups: dict[str, Any] = {}
        for (group, decoder), text in zip(self._groups, texts, strict=True):
            groups[group] = decoder.decode(text)
            ids.update((each.ref, each.id) for each in self._keys.decode(text))
        stated = msgspec.json.decode(plan, type=StatedPlan)
        return Loaded(Content(plan=stated, links=self._links.decode(links), **groups), ids)


def _plan() -> Any:
    columns: list[Any] = [getattr(Plan, name) for name in _PLAN_FIELDS]
    inner = select(literal_column("'plan'", Text).label("ref"), *columns).where(
        Plan.id == bindparam("plan_id")
    )
    row = inner.subquery()
    return select(cast(func.row_to_json(row.table_valued()), Text)).scalar_subquery().label("plan")


def _links() -> Any:
    blocker, blocked = aliased(Task), aliased(Task)
    inner = (
        select(blocker.ref.label("blocker"), blocked.ref.label("blocked"), Dependency.origin)
        .join(blocker, blocker.id == Dependency.blocker_id)
        .join(blocked, blocked.id == Dependency.blocked_id)
        .where(
            Dependency.plan_id == bindparam("plan_id"),
            Dependency.type == "blocks",
            Dependency.origin == "api",
        )
        .order_by(Dependency.id)
    )
    return _as_json(inner, "links")


def _group(shape: Shape) -> Any:
    row = shape.row
    columns = [row.ref, row.id, row.line, row.end_line, *(getattr(row, name) for name in shape.fields)]
    statement = select(*columns).where(row.plan_id == bindparam("plan_id"))
    for name, kind in shape.links.items():
        target = aliased(kind)
        statement = statement.outerjoin(target, target.id == getattr(row, f"{name}_id"))
        statement = statement.add_columns(target.ref.label(name))
    return _as_json(statement.order_by(row.position, row.id), shape.group)


def _as_json(statement: Select[*tuple[Any, ...]], name: str) -> Any:
    rows = statement.subquery()
    text = cast(func.json_agg(rows.table_valued()), Text)
    return select(func.coalesce(text, "[]")).select_from(rows).scalar_subquery().label(name)


EVERYTHING = Reading(tuple(shape.group for shape in SHAPES))
GRAPH = Reading(GRAPH_GROUPS)
