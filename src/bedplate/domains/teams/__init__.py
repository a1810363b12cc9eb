"""Teams: who shares what, in the roles owner, editor and viewer."""

from bedplate.domains.teams.errors import AlreadyMember
from bedplate.domains.teams.scope import (
    OWNERS,
    READERS,
    WRITERS,
    TeamRole,
    in_callers_teams,
    personal_team,
    require_role,
    team_role,
)
from bedplate.domains.teams.service import TeamService
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="teams",
    permissions={"teams:read": "See one's teams", "teams:write": "Make and change teams"},
    errors={"uq_team_member_team_id_user_id": AlreadyMember},
)

__all__ = [
    "DOMAIN",
    "OWNERS",
    "READERS",
    "WRITERS",
    "TeamRole",
    "TeamService",
    "in_callers_teams",
    "personal_team",
    "require_role",
    "team_role",
]
