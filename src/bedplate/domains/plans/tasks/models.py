import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.domains.plans.models import PlanRow, StatedRow, in_order, of_plan, one_of

STATES = ("pending", "in_progress", "in_review", "completed", "deferred", "cancelled")
PRIORITIES = ("critical", "high", "medium", "low", "none")
# A text search vector holds one mebibyte; a title of a damaged document may be longer.
WORDS = "left(coalesce(number, '') || ' ' || title || ' ' || coalesce(next_step, ''), 20000)"


class Task(StatedRow):
    """A piece of work. Efforts are minutes; `glyph` and `word` are the state as its document writes it.

    `evidence` is the state as each part of the document states it, `places` where the document states what.
    *Blocked* and *ready* are derived, never stored.
    """

    __tablename__ = "task"
    __table_args__ = of_plan(
        "task",
        in_order("task"),
        Index("ix_task_parent_id", "parent_id", postgresql_where=text("parent_id is not null")),
        Index("ix_task_phase_id", "phase_id", postgresql_where=text("phase_id is not null")),
        Index("ix_task_search", "search", postgresql_using="gin"),
        Index(
            "uq_task_plan_id_external_source_external_id", "plan_id", "external_source", "external_id",
            unique=True, postgresql_where=text("external_id is not null"),
        ),
        one_of("kind", "task", "epic", "milestone", "external"),
        one_of("state", *STATES),
        one_of("priority", *PRIORITIES),
        one_of("shape", "heading", "box", "bullet", "row"),
        CheckConstraint("effort_min >= 0 and effort_max >= 0", name="effort"),
        CheckConstraint("effort_min <= effort_max", name="effort_order"),
        CheckConstraint("stated_percent between 0 and 100", name="stated_percent"),
        CheckConstraint("(external_source is null) = (external_id is null)", name="external"),
        CheckConstraint("(claimed_by is null) = (lease_until is null)", name="claim"),
        CheckConstraint("parent_id <> id", name="parent"),
    )  # fmt: skip

    number: Mapped[str | None] = mapped_column(Text)
    phase_id: Mapped[UUID | None] = mapped_column(ForeignKey("phase.id", ondelete="SET NULL"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("task.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(Text, default="task", server_default="task")
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="pending", server_default="pending")
    glyph: Mapped[str | None] = mapped_column(Text)
    word: Mapped[str | None] = mapped_column(Text)
    priority: Mapped[str] = mapped_column(Text, default="none", server_default="none")
    effort_min: Mapped[int | None] = mapped_column(Integer)
    effort_max: Mapped[int | None] = mapped_column(Integer)
    stated_percent: Mapped[int | None] = mapped_column(Integer)
    next_step: Mapped[str | None] = mapped_column(Text)
    completed_on: Mapped[dt.date | None]
    assignee: Mapped[str | None] = mapped_column(Text)
    claimed_by: Mapped[UUID | None]
    lease_until: Mapped[dt.datetime | None]
    external_source: Mapped[str | None] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    shape: Mapped[str] = mapped_column(Text, default="heading", server_default="heading")
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    places: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    search: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed(f"to_tsvector('english', {WORDS}) || to_tsvector('simple', {WORDS})", persisted=True),
        deferred=True,
    )


class ChecklistItem(StatedRow):
    """A box of a task; `marker` is the character between its brackets as written."""

    __tablename__ = "checklist_item"
    __table_args__ = of_plan(
        "checklist_item",
        in_order("checklist_item"),
        Index("ix_checklist_item_task_id_position", "task_id", "position", "id"),
    )

    task_id: Mapped[UUID] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    marker: Mapped[str] = mapped_column(Text, default=" ", server_default=" ")
    done: Mapped[bool] = mapped_column(default=False, server_default="false")
    text: Mapped[str] = mapped_column(Text)


class TaskTransition(PlanRow):
    """A change of a task's state: from what, to what, by whom and why."""

    __tablename__ = "task_transition"
    __table_args__ = of_plan(
        "task_transition",
        Index("ix_task_transition_task_id_id", "task_id", "id"),
        Index("ix_task_transition_plan_id_id", "plan_id", "id"),
        one_of("from_state", *STATES),
        one_of("to_state", *STATES),
    )

    task_id: Mapped[UUID] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    from_state: Mapped[str] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    actor_id: Mapped[UUID | None]


class Deferral(StatedRow):
    """Why a task was put off."""

    __tablename__ = "deferral"
    __table_args__ = of_plan(
        "deferral", in_order("deferral"), Index("uq_deferral_task_id", "task_id", unique=True)
    )

    task_id: Mapped[UUID] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    original_issue: Mapped[str | None] = mapped_column(Text)
    decision: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    until_phase_id: Mapped[UUID | None] = mapped_column(ForeignKey("phase.id", ondelete="SET NULL"))
