from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert as upsert

from bedplate.domains.audit.actor import Actor
from bedplate.domains.audit.counting import count_once_committed
from bedplate.domains.audit.models import AuditSubject
from bedplate.platform.db import Transaction, new_id

# Every write makes this trip: as text it costs a third of what it does as an expression.
RECORD = text("""
insert into audit_event (id, type, actor, subject, team_id, resource, session_id, key_id, address, user_agent,
  request_id, data)
values (:id, :type, (select pseudonym from audit_subject where user_id = :actor),
  (select pseudonym from audit_subject where user_id = :subject), :team_id, :resource, :session_id, :key_id,
  cast(cast(:address as text) as inet), :user_agent, :request_id, cast(:data as jsonb))
""")


async def enroll(session: Transaction, user_id: UUID) -> None:
    """Give a person a pseudonym; without one his events have no actor."""
    row = {"user_id": user_id, "pseudonym": new_id()}
    await session.execute(upsert(AuditSubject).values(row).on_conflict_do_nothing())


async def forget(session: Transaction, user_id: UUID) -> None:
    """Erase the mapping: the events stay, and nobody can tell whose they are."""
    await session.execute(delete(AuditSubject).where(AuditSubject.user_id == user_id))


async def record(
    session: Transaction,
    event: str,
    actor: Actor,
    *,
    subject: UUID | None = None,
    team_id: UUID | None = None,
    resource: str | None = None,
    **data: Any,
) -> None:
    """Write an event, `noun.event`, in the transaction of its effect.

    `subject` is the person it happened to, when that is not the actor. A person is named there alone, by
    pseudonym: `resource` and `data` hold other ids and words, never a person's id, an address or a secret.
    """
    values = {
        "id": new_id(),
        "type": event,
        "actor": actor.user_id,
        "subject": subject or actor.user_id,
        "team_id": team_id,
        "resource": resource,
        "session_id": actor.session_id,
        "key_id": actor.key_id,
        "address": actor.address,
        "user_agent": actor.user_agent,
        "request_id": actor.request_id,
        "data": msgspec.json.encode(data).decode(),
    }
    await session.execute(RECORD, values)
    count_once_committed(session, event, data)
