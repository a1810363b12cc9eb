import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Base, Row, utcnow


class Totp(Row):
    """An account's authenticator app (RFC 6238); it counts once its first code was right."""

    __tablename__ = "factor_totp"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), unique=True)
    sealed_seed: Mapped[bytes] = mapped_column(LargeBinary)
    last_timecode: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    confirmed_at: Mapped[dt.datetime | None]


class RecoveryCode(Row):
    """A code that stands in for a lost factor, by its keyed digest; using it deletes it."""

    __tablename__ = "factor_recovery_code"
    __table_args__ = (Index("ix_factor_recovery_code_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)


class Passkey(Row):
    """A WebAuthn credential that verifies its user: a second factor, and a way to sign in alone."""

    __tablename__ = "factor_passkey"
    __table_args__ = (
        Index("ix_factor_passkey_user_id", "user_id"),
        CheckConstraint("sign_count >= 0", name="sign_count"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    transports: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    name: Mapped[str] = mapped_column(String(100), default="", server_default=text("''"))
    backed_up: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))
    last_used_at: Mapped[dt.datetime | None]


class Ceremony(Row):
    """Something that was begun and awaits its proof: a sign-in's second step, or a passkey's use.

    It is found by its secret's digest and ends when it is used; `challenge` is WebAuthn's.
    """

    __tablename__ = "factor_ceremony"
    __table_args__ = (
        CheckConstraint("purpose in ('sign_in', 'step_up', 'passkey', 'register')", name="purpose"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_factor_ceremony_expires_at", "expires_at"),
    )

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)
    device: Mapped[str] = mapped_column(String(100), default="", server_default=text("''"))
    method: Mapped[str] = mapped_column(String(32), default="password", server_default=text("'password'"))
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    expires_at: Mapped[dt.datetime]


class FactorFailures(Base):
    """Wrong codes in a row of an account, over all its ceremonies, and until when none is taken."""

    __tablename__ = "factor_failures"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    blocked_until: Mapped[dt.datetime] = mapped_column(default=utcnow, server_default=text("now()"))
