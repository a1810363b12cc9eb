"""Rows that have no behaviour of their own beyond their plan's: add, change, remove, list."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy import ColumnElement, bindparam, delete, func, select

from bedplate.domains.audit import Actor
from bedplate.domains.plans.events.service import changed
from bedplate.domains.plans.models import Plan, StatedRow
from bedplate.domains.plans.scope import plan_to_change, row_to_change
from bedplate.domains.teams import in_callers_teams
from bedplate.platform.db import Listing, Read, Sort, Transaction, new_id

LAST = 2_000_000_000


class RowService[R: StatedRow]:
    """Writes one kind of row, and tells of it by its noun."""

    def __init__(self, session: Transaction, kind: type[R], noun: str) -> None:
        self.session = session
        self._kind = kind
        self._noun = noun

    async def plan(self, plan_id: UUID, user_id: UUID) -> Plan:
        """The plan in which the person may write."""
        return await plan_to_change(self.session, plan_id, user_id)

    async def add(self, plan: Plan, values: Mapping[str, Any], actor: Actor) -> R:
        """Add a row at the end of the plan's order, or where `position` says."""
        row_id = new_id()
        fields = dict(values)
        position = fields.pop("position", None)
        if position is None:
            position = await self._end(plan.id)
        row = self._kind(
            id=row_id,
            team_id=plan.team_id,
            plan_id=plan.id,
            ref=f"row:{row_id}",
            position=position,
            **fields,
        )
        self.session.add(row)
        await self.session.flush()
        await self._tell("created", row, actor)
        return row

    async def to_change(self, row_id: UUID, user_id: UUID) -> R:
        """Lock a row for its change.

        Raises:
            NotFound: it is in none of the person's teams, or nowhere.
            TeamRoleTooLow: the person may only look.
        """
        return await row_to_change(self.session, self._kind, row_id, user_id)

    async def change(self, row: R, values: Mapping[str, Any], actor: Actor) -> None:
        """Change fields; the version moves once."""
        for name, value in values.items():
            setattr(row, name, value)
        await self.session.flush()
        await self._tell("updated", row, actor, fields=sorted(values))

    async def remove(self, row: R, actor: Actor) -> None:
        """Remove a row with what belongs to it."""
        await self._tell("deleted", row, actor)
        await self.session.execute(delete(self._kind).where(self._kind.id == row.id))

    async def _end(self, plan_id: UUID) -> int:
        highest = await self.session.scalar(
            select(func.max(self._kind.position)).where(self._kind.plan_id == plan_id)
        )
        return 0 if highest is None else min(highest + 1, LAST)

    async def _tell(self, what: str, row: R, actor: Actor, **data: Any) -> None:
        resource = f"{self._noun}:{row.id}"
        await changed(
            self.session, f"{self._noun}.{what}", actor, plan_id=row.plan_id, team_id=row.team_id,
            resource=resource, **data,
        )  # fmt: skip


def given(patch: msgspec.Struct) -> dict[str, Any]:
    """The fields that a patch sets."""
    return {name: value for name, value in msgspec.structs.asdict(patch).items() if value is not UNSET}


def seen[V: msgspec.Struct](row: StatedRow, view: type[V]) -> V:
    """A row as clients see it."""
    return view(**{name: getattr(row, name) for name in view.__struct_fields__})


def listing[V: msgspec.Struct](
    name: str,
    kind: type[StatedRow],
    view: type[V],
    filters: Mapping[str, ColumnElement[bool]] | None = None,
) -> Listing[V]:
    """The list of a plan's rows of one kind, in the plan's order."""
    columns: list[Any] = [getattr(kind, field) for field in view.__struct_fields__]
    return Listing(
        name,
        select(*columns).where(kind.plan_id == bindparam("plan_id"), in_callers_teams(kind.team_id)),
        view,
        sorts={
            "position": Sort(columns=(kind.position, kind.id), kinds=(int, UUID)),
            "created_at": Sort(columns=(kind.id,), kinds=(UUID,)),
        },
        default_sort="position",
        filters=filters,
    )


def one[V: msgspec.Struct](kind: type[StatedRow], view: type[V]) -> Read[V]:
    """The read of one row, by `id`."""
    columns: list[Any] = [getattr(kind, field) for field in view.__struct_fields__]
    return Read(select(*columns).where(kind.id == bindparam("id"), in_callers_teams(kind.team_id)), view)
