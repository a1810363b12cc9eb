from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Base, VersionedRow


class Role(VersionedRow):
    """A named set of permissions; a system role is kept by the code and cannot be changed."""

    __tablename__ = "role"
    __table_args__ = (CheckConstraint("name ~ '^[a-z0-9-]{1,64}$'", name="name"),)

    name: Mapped[str] = mapped_column(String(64), unique=True)
    description: Mapped[str] = mapped_column(String(500), default="", server_default=text("''"))
    system: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))


class RolePermission(Base):
    """A permission, `resource:action`, of a role."""

    __tablename__ = "role_permission"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("role.id", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(64), primary_key=True)


class UserRole(Base):
    """A role of a person."""

    __tablename__ = "user_role"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[UUID] = mapped_column(
        ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True
    )
