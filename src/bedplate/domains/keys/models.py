import datetime as dt
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import VersionedRow


class ApiKey(VersionedRow):
    """A key for programs; it acts as `user_id`: its maker, or for a team's key an account of its own.

    Keyed digests alone are stored; the former one works until `former_until`, after a rotation with overlap.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("char_length(name) between 1 and 100", name="name_length"),
        CheckConstraint("cardinality(scopes) between 1 and 200", name="scopes"),
        CheckConstraint("(former_digest is null) = (former_until is null)", name="former"),
        Index("ix_api_key_user_id_id", "user_id", "id"),
        Index("ix_api_key_team_id_id", "team_id", "id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    former_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    former_until: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
