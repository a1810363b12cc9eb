from datetime import date

from sqlalchemy import CheckConstraint, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.domains.plans.models import StatedRow, in_order, of_plan, one_of


class Phase(StatedRow):
    """A stretch of the plan; its start and target are a day or, where no day is known, words."""

    __tablename__ = "phase"
    __table_args__ = of_plan(
        "phase",
        in_order("phase"),
        Index("uq_phase_plan_id_ordinal", "plan_id", "ordinal", unique=True),
        one_of("state", "pending", "in_progress", "completed"),
        CheckConstraint("ordinal >= 0", name="ordinal"),
    )

    ordinal: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text)
    subtitle: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="pending", server_default="pending")
    start_on: Mapped[date | None]
    start_text: Mapped[str | None] = mapped_column(Text)
    target_on: Mapped[date | None]
    target_text: Mapped[str | None] = mapped_column(Text)
