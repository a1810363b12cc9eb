"""How answers about a plan are kept: each caller's own, until the plan or the caller's teams change."""

from typing import Any
from uuid import UUID

from litestar import Request

from bedplate.domains.teams import TEAMS_TAG
from bedplate.platform.cache import Cache, Cached

PLAN_TAG = "plan:{plan_id}"
# Not by team: a plan's route does not tell its team, and a token's is the key's alone. Whether the caller is
# in the plan's team is part of what is kept, so his teams are a tag as the plan is.
OF_PLAN = Cached(300, scope="user", tags=(PLAN_TAG, TEAMS_TAG))
OF_PLAN_BY_ACCEPT = Cached(300, scope="user", tags=(PLAN_TAG, TEAMS_TAG), vary=("Accept",))


def plan_tag(plan_id: UUID) -> str:
    """The tag of everything that is made from a plan's rows."""
    return PLAN_TAG.format(plan_id=plan_id)


def provide_cache(request: Request[Any, Any, Any]) -> Cache:
    """The dependency `cache`, for queries whose results are kept."""
    return request.app.state.cache
