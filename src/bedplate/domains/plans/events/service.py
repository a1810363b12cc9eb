from typing import Any
from uuid import UUID

from sqlalchemy import insert

from bedplate.domains.audit import Actor, record
from bedplate.domains.plans.events.models import PlanEvent
from bedplate.platform.db import Transaction, new_id


async def changed(
    session: Transaction,
    event: str,
    actor: Actor,
    *,
    plan_id: UUID,
    team_id: UUID,
    resource: str | None = None,
    **data: Any,
) -> None:
    """Write what happened to a plan, in its transaction: to the audit trail, and for those who follow it."""
    await record(session, event, actor, team_id=team_id, resource=resource or f"plan:{plan_id}", **data)
    await session.execute(
        insert(PlanEvent).values(
            id=new_id(), plan_id=plan_id, type=event, resource=resource, actor_id=actor.user_id, data=data
        )
    )
