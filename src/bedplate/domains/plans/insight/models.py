from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.domains.plans.models import PlanRow, of_plan


class Waiver(PlanRow):
    """Somebody answers for a finding: it is still shown, and no longer counts as drift.

    Findings themselves are derived from the rows at every look, so that none can be stale; `finding_id` is
    computed from what a finding is about.
    """

    __tablename__ = "finding_waiver"
    __table_args__ = of_plan(
        "finding_waiver",
        Index("uq_finding_waiver_plan_id_finding_id", "plan_id", "finding_id", unique=True),
    )

    finding_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(Text)
    entity: Mapped[str] = mapped_column(Text)
    waived_by: Mapped[UUID | None]
    waived_reason: Mapped[str] = mapped_column(Text)
