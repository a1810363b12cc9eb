import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Row


class Identity(Row):
    """A person as a provider knows him: by issuer and subject (OpenID Connect Core 5.7), never by an address."""

    __tablename__ = "federated_identity"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        Index("ix_federated_identity_user_id", "user_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(32))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    sealed_refresh_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_used_at: Mapped[dt.datetime]


class Authorization(Row):
    """A sign-in that went to a provider and has not come back: found by its state's digest, used once.

    `binding` is the digest of what only the initiator holds: a cookie, or its own PKCE challenge.
    """

    __tablename__ = "federated_authorization"
    __table_args__ = (
        CheckConstraint("bound_by in ('cookie', 'verifier')", name="bound_by"),
        Index("ix_federated_authorization_expires_at", "expires_at"),
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    provider: Mapped[str] = mapped_column(String(32))
    bound_by: Mapped[str] = mapped_column(String(16))
    binding: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    redirect_uri: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    session_id: Mapped[UUID | None]
    expires_at: Mapped[dt.datetime]
