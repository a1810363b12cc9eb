from typing import cast
from uuid import UUID

import msgspec
from sqlalchemy import Table, Uuid, bindparam, delete, func, insert, select

from bedplate.domains.audit import Actor
from bedplate.domains.plans.events.service import changed
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.schemas import NewPlan, PlanPatch, PlanView
from bedplate.domains.plans.scope import plan_to_change
from bedplate.domains.teams import OWNERS, WRITERS, personal_team, require_role
from bedplate.platform.db import Transaction, new_id

FIELDS = PlanView.__struct_fields__
_plan = cast("Table", Plan.__table__)
# Built once: most of what an insert costs here is the building of its expression.
CREATE = (
    insert(_plan)
    .values(
        id=bindparam("plan_id"),
        team_id=func.coalesce(
            bindparam("team", type_=Uuid()), personal_team(bindparam("user_id", type_=Uuid()))
        ),
        key=bindparam("plan_key"),
        title=bindparam("plan_title"),
    )
    .returning(*(_plan.c[name] for name in FIELDS))
)


class PlanService:
    """Plans: make, change, remove."""

    def __init__(self, session: Transaction) -> None:
        self._session = session

    async def create(self, new: NewPlan, user_id: UUID, actor: Actor) -> PlanView:
        """Make an empty plan in a team in which the person may write.

        Raises:
            NotFound: the person is not in the team.
            TeamRoleTooLow: he may only look.
            PlanExists: the team has a plan of this key.
        """
        session = self._session
        if new.team_id is not None:
            await require_role(session, new.team_id, user_id, WRITERS)
        values = {
            "plan_id": new_id(), "team": new.team_id, "user_id": user_id, "plan_key": new.key,
            "plan_title": new.title,
        }  # fmt: skip
        returned = await session.execute(CREATE, values)
        plan = PlanView(*returned.one())
        await changed(session, "plan.created", actor, plan_id=plan.id, team_id=plan.team_id, key=plan.key)
        return plan

    async def to_change(self, plan_id: UUID, user_id: UUID) -> Plan:
        """The plan, for a change of its own fields."""
        return await plan_to_change(self._session, plan_id, user_id)

    async def change(self, plan: Plan, patch: PlanPatch, actor: Actor) -> PlanView:
        """Change the plan's own fields."""
        values = {k: v for k, v in msgspec.structs.asdict(patch).items() if v is not msgspec.UNSET}
        for name, value in values.items():
            setattr(plan, name, value)
        await self._session.flush()
        await changed(
            self._session, "plan.updated", actor, plan_id=plan.id, team_id=plan.team_id, fields=sorted(values)
        )
        return PlanView(**{name: getattr(plan, name) for name in FIELDS})

    async def to_remove(self, plan_id: UUID, user_id: UUID) -> Plan:
        """The plan, for its removal: an owner's business."""
        return await plan_to_change(self._session, plan_id, user_id, OWNERS)

    async def remove(self, plan: Plan, actor: Actor) -> None:
        """Remove the plan with all that belongs to it."""
        await changed(self._session, "plan.deleted", actor, plan_id=plan.id, team_id=plan.team_id)
        await self._session.execute(delete(Plan).where(Plan.id == plan.id))


async def plan_of(session: Transaction, plan_id: UUID) -> Plan | None:
    """A plan whoever asks, for jobs."""
    return await session.scalar(select(Plan).where(Plan.id == plan_id))
