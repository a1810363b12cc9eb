from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import VersionedRow


class Plan(VersionedRow):
    """A living plan; `revision` is that of the newest document which the rows are in step with."""

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("team_id", "key"),
        UniqueConstraint("id", "team_id"),
        CheckConstraint("key ~ '^[a-z0-9-]{1,64}$'", name="key"),
        CheckConstraint("revision >= 0", name="revision"),
    )

    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    document_kind: Mapped[str | None] = mapped_column(Text)
    document_version: Mapped[str | None] = mapped_column(Text)
    document_updated_on: Mapped[date | None]
    current_phase: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str | None] = mapped_column(Text)
    update_frequency: Mapped[str | None] = mapped_column(Text)
    review_schedule: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class PlanRow(VersionedRow):
    """A row of a plan; its team is its plan's, held together by the foreign key."""

    __abstract__ = True

    team_id: Mapped[UUID] = mapped_column(sort_order=-9)
    plan_id: Mapped[UUID] = mapped_column(sort_order=-8)


class StatedRow(PlanRow):
    """A row that a document may state.

    `ref` names it in the document that the rows are in step with, and is `row:<id>` while it stands in none;
    lines are that document's, 1-based and inclusive, or 0.
    """

    __abstract__ = True

    ref: Mapped[str] = mapped_column(Text, sort_order=90)
    position: Mapped[int] = mapped_column(Integer, default=0, server_default="0", sort_order=91)
    line: Mapped[int] = mapped_column(Integer, default=0, server_default="0", sort_order=92)
    end_line: Mapped[int] = mapped_column(Integer, default=0, server_default="0", sort_order=93)


def of_plan(table: str, *more: Any) -> tuple[Any, ...]:
    """The table arguments of a `PlanRow`: its plan and team as one key, and its order in the plan."""
    return (
        ForeignKeyConstraint(
            ["plan_id", "team_id"], ["plan.id", "plan.team_id"], name=f"fk_{table}_plan", ondelete="CASCADE"
        ),
        *more,
    )


def in_order(table: str) -> Index:
    """The index by which a plan's rows are read in order."""
    return Index(f"ix_{table}_plan_id_position", "plan_id", "position", "id")


def one_of(column: str, *values: str, name: str | None = None) -> CheckConstraint:
    """A check that holds a text column to its words."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({words})", name=name or column)
