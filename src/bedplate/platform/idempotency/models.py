import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, String, func
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Base, utcnow


class IdempotencyKey(Base):
    """The answer of a POST that was done, kept for its twins; written in the POST's own transaction."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        CheckConstraint("status between 200 and 299", name="status"),
        Index("ix_idempotency_key_created_at", "created_at"),
    )

    caller_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(Integer)
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow, server_default=func.now())
