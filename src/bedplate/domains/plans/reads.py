from uuid import UUID

from sqlalchemy import String, bindparam, func, select

from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.schemas import PlanView
from bedplate.domains.teams import in_callers_teams
from bedplate.platform.db import Listing, Read, ReadPool, Sort

PLAN_COLUMNS = (
    Plan.id,
    Plan.team_id,
    Plan.key,
    Plan.title,
    Plan.document_kind,
    Plan.document_version,
    Plan.document_updated_on,
    Plan.current_phase,
    Plan.status,
    Plan.update_frequency,
    Plan.review_schedule,
    Plan.revision,
    Plan.created_at,
    Plan.updated_at,
    Plan.version,
)
PLAN = Read(
    select(*PLAN_COLUMNS).where(Plan.id == bindparam("plan_id"), in_callers_teams(Plan.team_id)), PlanView
)
# A title may be as long as a line of a document; a cursor may not.
_title = func.left(Plan.title, 200, type_=String)
PLANS = Listing(
    "plans",
    select(*PLAN_COLUMNS).where(in_callers_teams(Plan.team_id)),
    PlanView,
    sorts={
        "created_at": Sort(columns=(Plan.id,), kinds=(UUID,)),
        "key": Sort(columns=(Plan.key, Plan.id), kinds=(str, UUID)),
        "title": Sort(columns=(_title, Plan.id), kinds=(str, UUID)),
    },
    default_sort="-created_at",
    filters={
        "team_id": Plan.team_id == bindparam("team_id"),
        "key": Plan.key == bindparam("key"),
        "status": Plan.status == bindparam("status"),
    },
)


async def visible_plan(reads: ReadPool, plan_id: UUID, user_id: UUID) -> PlanView:
    """A plan of the caller's teams.

    Raises:
        NotFound: it is in none of them, or nowhere.
    """
    return await PLAN.one(reads, plan_id=plan_id, user_id=user_id)
