from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Row


class PlanEvent(Row):
    """Something that happened to a plan, for those who follow it.

    `transaction` orders events by who may be seen: one with a lower number than every running transaction's
    can have no earlier event still to come.
    """

    __tablename__ = "plan_event"
    __table_args__ = (Index("ix_plan_event_plan_id_transaction", "plan_id", "transaction", "id"),)

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(Text)
    resource: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    transaction: Mapped[int] = mapped_column(
        BigInteger, server_default=text("pg_current_xact_id()::text::bigint")
    )
