import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Row


class SigningKey(Row):
    """A key that signs access tokens: published before it signs, and after, until its last token expired."""

    __tablename__ = "signing_key"

    kid: Mapped[str] = mapped_column(String(64), unique=True)
    public_jwk: Mapped[dict[str, Any]]
    sealed_private: Mapped[bytes] = mapped_column(LargeBinary)
    activates_at: Mapped[dt.datetime]
    retires_at: Mapped[dt.datetime | None]


class Revocation(Row):
    """Tokens of a session or a user that were issued before `created_at` are dead."""

    __tablename__ = "revocation"
    __table_args__ = (
        CheckConstraint("kind in ('session', 'user')", name="kind"),
        Index("ix_revocation_subject_created_at", "subject", "created_at"),
        Index("ix_revocation_created_at", "created_at"),
    )

    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[UUID]
