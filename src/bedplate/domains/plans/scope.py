"""Rows of a plan fetched through their caller: what is out of his teams does not exist."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from bedplate.domains.plans.errors import OtherPlan, PlanNotFound
from bedplate.domains.plans.models import Plan, PlanRow
from bedplate.domains.teams import WRITERS, TeamRole, require_role
from bedplate.platform.db import Transaction
from bedplate.platform.errors import NotFound


async def row_to_change[R: PlanRow](
    session: Transaction, kind: type[R], row_id: UUID, user_id: UUID, roles: Sequence[TeamRole] = WRITERS
) -> R:
    """Lock a row for its change, other rows may still refer to it meanwhile.

    Raises:
        NotFound: it is in none of the person's teams, or nowhere.
        TeamRoleTooLow: the person may only look.
    """
    row = await session.scalar(select(kind).where(kind.id == row_id).with_for_update(key_share=True))
    if row is None:
        raise NotFound
    await require_role(session, row.team_id, user_id, roles)
    return row


async def plan_to_change(
    session: Transaction, plan_id: UUID, user_id: UUID, roles: Sequence[TeamRole] = WRITERS
) -> Plan:
    """A plan in which the person may write.

    Raises:
        PlanNotFound: it is in none of the person's teams, or nowhere.
        TeamRoleTooLow: the person may only look.
    """
    plan = await session.scalar(select(Plan).where(Plan.id == plan_id))
    if plan is None:
        raise PlanNotFound
    await require_role(session, plan.team_id, user_id, roles)
    return plan


async def same_plan(
    session: Transaction, kind: type[PlanRow], row_id: UUID | None, plan_id: UUID, pointer: str
) -> None:
    """Hold a reference to its plan.

    Raises:
        OtherPlan: the row is another plan's, or is nowhere; the error points at the field.
    """
    if row_id is None:
        return
    found = await session.scalar(select(kind.id).where(kind.id == row_id, kind.plan_id == plan_id))
    if found is None:
        raise OtherPlan(pointer)
