from uuid import UUID

from sqlalchemy import bindparam, or_, select

from bedplate.domains.plans.dependencies.models import Dependency
from bedplate.domains.plans.dependencies.schemas import DependencyView
from bedplate.domains.teams import in_callers_teams
from bedplate.platform.db import Listing, Sort

_COLUMNS = tuple(getattr(Dependency, name) for name in DependencyView.__struct_fields__)
_MINE = in_callers_teams(Dependency.team_id)
_FILTERS = {
    "origin": Dependency.origin == bindparam("origin"),
    "type": Dependency.type == bindparam("type"),
}
TASK_DEPENDENCIES = Listing(
    "dependencies",
    select(*_COLUMNS).where(
        or_(
            Dependency.blocked_id == bindparam("task_id"), Dependency.blocker_id == bindparam("other_task_id")
        ),
        _MINE,
    ),
    DependencyView,
    sorts={"created_at": Sort(columns=(Dependency.id,), kinds=(UUID,))},
    default_sort="created_at",
    filters=_FILTERS,
)
PLAN_DEPENDENCIES = Listing(
    "plan-dependencies",
    select(*_COLUMNS).where(Dependency.plan_id == bindparam("plan_id"), _MINE),
    DependencyView,
    sorts={"created_at": Sort(columns=(Dependency.id,), kinds=(UUID,))},
    default_sort="created_at",
    filters=_FILTERS,
)
