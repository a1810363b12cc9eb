from uuid import UUID

from sqlalchemy import bindparam, select

from bedplate.domains.teams.models import Team, TeamMember
from bedplate.domains.teams.schemas import TeamView
from bedplate.platform.db import Listing, Read, ReadPool, Sort

_PERSONAL = Team.personal_of.is_not(None)
_MINE = (
    select(
        Team.id,
        Team.name,
        _PERSONAL.label("personal"),
        TeamMember.role,
        Team.created_at,
        Team.updated_at,
        Team.version,
    )
    .join(TeamMember, TeamMember.team_id == Team.id)
    .where(TeamMember.user_id == bindparam("user_id"))
)

TEAMS = Listing(
    "teams",
    _MINE,
    TeamView,
    sorts={
        "created_at": Sort(columns=(Team.id,), kinds=(UUID,)),
        "name": Sort(columns=(Team.name, Team.id), kinds=(str, UUID)),
    },
    default_sort="created_at",
    filters={"personal": bindparam("personal") == _PERSONAL},
)
TEAM = Read(_MINE.where(Team.id == bindparam("team_id")), TeamView)
_EVERY_TEAM = Read(_MINE.order_by(Team.id), TeamView)


async def export_teams(reads: ReadPool, user_id: UUID) -> list[TeamView]:
    """The teams that a person is in, and as what, for his archive."""
    return await _EVERY_TEAM.all(reads, user_id=user_id)
