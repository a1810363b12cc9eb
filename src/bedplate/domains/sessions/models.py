import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Row


class AuthSession(Row):
    """One sign-in, and the family of its refresh tokens.

    A refresh token is a MAC over the session, its `nonce` and a counter; only the newest counter rotates,
    so one row replaces a table of spent tokens, and none of them can be forged from a dump.
    """

    __tablename__ = "auth_session"
    __table_args__ = (
        CheckConstraint("refresh_count >= 0", name="refresh_count"),
        Index("ix_auth_session_user_id_id", "user_id", "id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    nonce: Mapped[bytes] = mapped_column(LargeBinary)
    refresh_count: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    rotated_at: Mapped[dt.datetime]
    authenticated_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    idle_expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    revoked_because: Mapped[str | None] = mapped_column(String(32))
    device: Mapped[str] = mapped_column(String(100), default="", server_default=text("''"))
    address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str] = mapped_column(String(256), default="", server_default=text("''"))
    client_id: Mapped[str] = mapped_column(String(64), default="bedplate", server_default=text("'bedplate'"))
