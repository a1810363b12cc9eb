from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bedplate.domains.audit.actor import Actor
from bedplate.domains.audit.models import AuditEvent, AuditSubject
from bedplate.platform.db import Transaction, new_id, utcnow


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
    await session.execute(
        insert(AuditEvent).values(
            id=new_id(),
            created_at=utcnow(),
            type=event,
            actor=_pseudonym(actor.user_id),
            subject=_pseudonym(subject or actor.user_id),
            team_id=team_id,
            resource=resource,
            session_id=actor.session_id,
            key_id=actor.key_id,
            address=actor.address,
            user_agent=actor.user_agent,
            request_id=actor.request_id,
            data=data,
        )
    )


def _pseudonym(user_id: UUID | None) -> ScalarSelect[UUID] | None:
    if user_id is None:
        return None
    return select(AuditSubject.pseudonym).where(AuditSubject.user_id == user_id).scalar_subquery()
