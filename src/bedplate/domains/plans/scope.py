"""Rows of a plan fetched through their caller: what is out of his teams does not exist."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from bedplate.domains.plans.errors import OtherPlan, PlanNotFound
from bedplate.domains.plans.models import Plan, PlanRow
from bedplate.domains.teams import WRITERS, TeamRole, check_role, role_in
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
    statement = select(kind, role_in(kind.team_id, user_id)).where(kind.id == row_id)
    found = (await session.execute(statement.with_for_update(key_share=True, of=kind))).one_or_none()
    if found is None:
        raise NotFound
    row, role = found
    check_role(role, roles)
    return row


async def plan_to_change(
    session: Transaction, plan_id: UUID, user_id: UUID, roles: Sequence[TeamRole] = WRITERS
) -> Plan:
    """A plan in which the person may write.

    Raises:
        PlanNotFound: it is in none of the person's teams, or nowhere.
        TeamRoleTooLow: the person may only look.
    """
    statement = select(Plan, role_in(Plan.team_id, user_id)).where(Plan.id == plan_id)
    found = (await session.execute(statement)).one_or_none()
    if found is None or found[1] is None:
        raise PlanNotFound
    plan, role = found
    check_role(role, roles)
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
