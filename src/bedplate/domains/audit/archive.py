from uuid import UUID

from sqlalchemy import bindparam, select

from bedplate.domains.audit.models import AuditEvent, AuditSubject
from bedplate.domains.audit.reads import AuditEventView, AuditRow, audit_columns
from bedplate.platform.db import Read, ReadPool

_own = select(AuditSubject.pseudonym).where(AuditSubject.user_id == bindparam("user_id")).scalar_subquery()
OF_PERSON = Read(
    audit_columns().where((AuditEvent.subject == _own) | (AuditEvent.actor == _own)).order_by(AuditEvent.id),
    AuditRow,
)


async def export_audit(reads: ReadPool, user_id: UUID) -> list[AuditEventView]:
    """The events that a person caused or that happened to him, for his archive."""
    return [row.view() for row in await OF_PERSON.all(reads, user_id=user_id)]
