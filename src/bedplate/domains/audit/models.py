from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Base, Row, new_id


class AuditSubject(Base):
    """The mapping from a person to the pseudonym that audit rows hold; erasing it erases the person."""

    __tablename__ = "audit_subject"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    pseudonym: Mapped[UUID] = mapped_column(default=new_id, unique=True)


class AuditEvent(Row):
    """One security event; the application's role may insert and read, never change or delete.

    Kept in partitions by month, which `id` begins with (`months`).
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_actor_id", "actor", "id"),
        Index("ix_audit_event_subject_id", "subject", "id"),
        Index("ix_audit_event_team_id_id", "team_id", "id"),
        Index("ix_audit_event_type_id", "type", "id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    type: Mapped[str] = mapped_column(String(64))
    actor: Mapped[UUID | None]
    subject: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    resource: Mapped[str | None] = mapped_column(String(128))
    session_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str] = mapped_column(String(256), default="", server_default="")
    request_id: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
