import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, String, text
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import VersionedRow


class Account(VersionedRow):
    """A person who can sign in; an address belongs to one account, whatever its case."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("char_length(email) between 3 and 254", name="email_length"),
        CheckConstraint("char_length(name) <= 200", name="name_length"),
    )

    email: Mapped[str] = mapped_column(CITEXT, unique=True)
    name: Mapped[str] = mapped_column(String(200), default="", server_default=text("''"))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    personal_team_id: Mapped[UUID | None]
    email_verified_at: Mapped[dt.datetime | None]
    disabled_at: Mapped[dt.datetime | None]
    deleted_at: Mapped[dt.datetime | None]
