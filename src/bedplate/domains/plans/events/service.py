from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from bedplate.domains.audit import Actor, record
from bedplate.domains.plans.caching import plan_tag
from bedplate.domains.plans.events.models import PlanEvent
from bedplate.platform.cache import invalidate
from bedplate.platform.db import Transaction, new_id

# Every write of a plan makes this trip: as text it costs a quarter of what it does as an expression.
TELL = text(
    f"insert into {PlanEvent.__tablename__} (id, plan_id, type, resource, actor_id, data) "  # noqa: S608 - our own name
    "values (:id, :plan_id, :type, :resource, :actor_id, cast(:data as jsonb))"
)


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
    """Write what happened to a plan, in its transaction: to the audit trail, and for those who follow it.

    Whatever is kept of the plan ends with the commit.
    """
    await record(session, event, actor, team_id=team_id, resource=resource or f"plan:{plan_id}", **data)
    values = {
        "id": new_id(),
        "plan_id": plan_id,
        "type": event,
        "resource": resource,
        "actor_id": actor.user_id,
        "data": msgspec.json.encode(data).decode(),
    }
    await session.execute(TELL, values)
    if event != "plan.created":  # of which nothing can be kept yet
        await invalidate(session, plan_tag(plan_id))
