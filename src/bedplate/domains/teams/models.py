from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
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
