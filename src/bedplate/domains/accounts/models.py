import datetime as dt
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Base, Row, VersionedRow


class Account(VersionedRow):
    """A person who can sign in; an address belongs to one account, whatever its case.

    One of kind `service` cannot: it is whom a team's API key acts as.
    """

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("char_length(email) between 3 and 254", name="email_length"),
        CheckConstraint("char_length(name) <= 200", name="name_length"),
        CheckConstraint("kind in ('person', 'service')", name="kind"),
        CheckConstraint("password_failures >= 0", name="password_failures"),
        CheckConstraint("erase_at is null or deleted_at is not null", name="erase_after_delete"),
        Index("ix_account_erase_at", "erase_at", postgresql_where=text("erase_at is not null")),
    )

    kind: Mapped[str] = mapped_column(String(16), default="person", server_default=text("'person'"))
    email: Mapped[str] = mapped_column(CITEXT, unique=True)
    name: Mapped[str] = mapped_column(String(200), default="", server_default=text("''"))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    personal_team_id: Mapped[UUID | None]
    email_verified_at: Mapped[dt.datetime | None]
    disabled_at: Mapped[dt.datetime | None]
    deleted_at: Mapped[dt.datetime | None]
    erase_at: Mapped[dt.datetime | None]
    password_failures: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))


class AccountToken(Row):
    """A mailed token, by its digest: one of a purpose and account, so that the newest supersedes.

    Redeeming deletes the row. `email` is the new address that a change of address waits for.
    """

    __tablename__ = "account_token"
    __table_args__ = (
        UniqueConstraint("account_id", "purpose"),
        CheckConstraint(
            "purpose in ('verify_email', 'change_email', 'reset_password', 'restore')", name="purpose"
        ),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    email: Mapped[str | None] = mapped_column(CITEXT)
    expires_at: Mapped[dt.datetime]


class LetterCount(Base):
    """How many letters of a kind an account was sent in the hour that began at `since`."""

    __tablename__ = "letter_count"
    __table_args__ = (
        CheckConstraint(
            "letter in ('verify_email', 'change_email', 'reset_password', 'signup_known', 'change_known')",
            name="letter",
        ),
        CheckConstraint("sent > 0", name="sent"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    letter: Mapped[str] = mapped_column(String(16), primary_key=True)
    since: Mapped[dt.datetime]
    sent: Mapped[int] = mapped_column(Integer)
