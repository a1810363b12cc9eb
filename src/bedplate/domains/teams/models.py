import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Row, VersionedRow


class Team(VersionedRow):
    """Who owns plans, keys and jobs together; everyone has a personal one from the start."""

    __tablename__ = "team"
    __table_args__ = (CheckConstraint("char_length(name) between 1 and 200", name="name_length"),)

    name: Mapped[str] = mapped_column(String(200))
    personal_of: Mapped[UUID | None] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), unique=True
    )


class TeamMember(Row):
    """A person's role in a team."""

    __tablename__ = "team_member"
    __table_args__ = (
        UniqueConstraint("team_id", "user_id"),
        CheckConstraint("role in ('owner', 'editor', 'viewer')", name="role"),
    )

    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(16))


class TeamInvitation(Row):
    """Who was asked to join, by mail; open until it is answered, withdrawn, superseded or too old.

    The token itself is in the mail alone; `token_digest` is its SHA-256.
    """

    __tablename__ = "team_invitation"
    __table_args__ = (
        CheckConstraint("role in ('owner', 'editor', 'viewer')", name="role"),
        CheckConstraint("answer in ('accepted', 'declined', 'withdrawn')", name="answer"),
        CheckConstraint("(answer is null) = (answered_at is null)", name="answered"),
        Index(
            "uq_team_invitation_open",
            "team_id",
            "email",
            unique=True,
            postgresql_where=text("answer is null"),
        ),
        Index("ix_team_invitation_team_id_id", "team_id", "id"),
    )

    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(CITEXT)
    role: Mapped[str] = mapped_column(String(16))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    expires_at: Mapped[dt.datetime]
    answer: Mapped[str | None] = mapped_column(String(16))
    answered_at: Mapped[dt.datetime | None]
