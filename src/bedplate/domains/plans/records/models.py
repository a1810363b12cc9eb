import datetime as dt
from uuid import UUID

from sqlalchemy import Double, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.domains.plans.models import PlanRow, StatedRow, in_order, of_plan, one_of


class Decision(StatedRow):
    __tablename__ = "decision"
    __table_args__ = of_plan(
        "decision", in_order("decision"), one_of("status", "proposed", "accepted", "rejected", "superseded")
    )

    number: Mapped[int | None] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, default="", server_default="")
    status: Mapped[str] = mapped_column(Text, default="accepted", server_default="accepted")
    superseded_by: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id", ondelete="SET NULL"))


class Lesson(StatedRow):
    __tablename__ = "lesson"
    __table_args__ = of_plan("lesson", in_order("lesson"))

    number: Mapped[int | None] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, default="", server_default="")


class Risk(StatedRow):
    __tablename__ = "risk"
    __table_args__ = of_plan("risk", in_order("risk"), one_of("level", "high", "medium", "low"))

    phase_id: Mapped[UUID | None] = mapped_column(ForeignKey("phase.id", ondelete="SET NULL"))
    level: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    mitigation: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str | None] = mapped_column(Text)


class Criterion(StatedRow):
    """A success criterion; `comparison` holds between `current` and `target` when it is met."""

    __tablename__ = "criterion"
    __table_args__ = of_plan(
        "criterion", in_order("criterion"), one_of("comparison", ">=", ">", "<=", "<", "=", name="comparison")
    )

    phase_id: Mapped[UUID | None] = mapped_column(ForeignKey("phase.id", ondelete="SET NULL"))
    text: Mapped[str] = mapped_column(Text)
    marker: Mapped[str | None] = mapped_column(Text)
    met: Mapped[bool] = mapped_column(default=False, server_default="false")
    comparison: Mapped[str | None] = mapped_column(Text)
    target: Mapped[float | None] = mapped_column(Double)
    current: Mapped[float | None] = mapped_column(Double)
    unit: Mapped[str | None] = mapped_column(Text)


class Measurement(PlanRow):
    """A value of a criterion at a moment, as CI saw it; the newest decides whether the criterion is met."""

    __tablename__ = "measurement"
    __table_args__ = of_plan(
        "measurement", Index("ix_measurement_criterion_id_at", "criterion_id", "at", "id")
    )

    criterion_id: Mapped[UUID] = mapped_column(ForeignKey("criterion.id", ondelete="CASCADE"))
    value: Mapped[float] = mapped_column(Double)
    at: Mapped[dt.datetime]
    source: Mapped[str] = mapped_column(Text, default="", server_default="")


class StatedFact(StatedRow):
    """A value that the document states and the data can prove or refute."""

    __tablename__ = "stated_fact"
    __table_args__ = of_plan("stated_fact", in_order("stated_fact"))

    phase_id: Mapped[UUID | None] = mapped_column(ForeignKey("phase.id", ondelete="SET NULL"))
    key: Mapped[str] = mapped_column(Text)
    raw: Mapped[str] = mapped_column(Text)
