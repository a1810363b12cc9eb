import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.domains.plans.models import PlanRow, of_plan, one_of


class TimeEntry(PlanRow):
    """Minutes spent on a task, on a phase, or on the plan as such when neither is named."""

    __tablename__ = "time_entry"
    __table_args__ = of_plan(
        "time_entry",
        Index("ix_time_entry_plan_id_started_at", "plan_id", "started_at", "id"),
        Index("ix_time_entry_task_id", "task_id", postgresql_where=text("task_id is not null")),
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("task_id is null or phase_id is null", name="subject"),
    )

    task_id: Mapped[UUID | None] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    phase_id: Mapped[UUID | None] = mapped_column(ForeignKey("phase.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None]
    minutes: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[dt.datetime]
    note: Mapped[str] = mapped_column(Text, default="", server_default="")


class Standup(PlanRow):
    """What somebody said on a day: done, today, blockers."""

    __tablename__ = "standup"
    __table_args__ = of_plan(
        "standup", Index("uq_standup_plan_id_day_author_id", "plan_id", "day", "author_id", unique=True)
    )

    day: Mapped[dt.date]
    author_id: Mapped[UUID]


class StandupItem(PlanRow):
    __tablename__ = "standup_item"
    __table_args__ = of_plan(
        "standup_item",
        Index("ix_standup_item_standup_id_position", "standup_id", "position"),
        one_of("kind", "done", "today", "blocker"),
    )

    standup_id: Mapped[UUID] = mapped_column(ForeignKey("standup.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    kind: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    task_id: Mapped[UUID | None] = mapped_column(ForeignKey("task.id", ondelete="SET NULL"), index=True)
