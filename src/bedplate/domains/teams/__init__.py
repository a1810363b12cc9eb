"""Teams: who shares what, in the roles owner, editor and viewer."""

from litestar.di import Provide

from bedplate.domains.teams.controllers import TeamController
from bedplate.domains.teams.dependencies import provide_invitations, provide_members, provide_teams
from bedplate.domains.teams.errors import AlreadyMember
from bedplate.domains.teams.invitations.controllers import AnswerController, InvitationController
from bedplate.domains.teams.jobs import SWEEPING, sweep
from bedplate.domains.teams.members.controllers import MemberController
from bedplate.domains.teams.members.service import MemberService
from bedplate.domains.teams.metrics import METRICS
from bedplate.domains.teams.reads import export_teams
from bedplate.domains.teams.schemas import TeamRole
from bedplate.domains.teams.scope import (
    OWNERS,
    READERS,
    TEAMS_TAG,
    WRITERS,
    check_role,
    in_callers_teams,
    personal_team,
    require_role,
    role_in,
    team_role,
)
from bedplate.domains.teams.service import TeamService
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="teams",
    metrics=METRICS,
    controllers=(TeamController, MemberController, InvitationController, AnswerController),
    jobs=(sweep,),
    schedules=(SWEEPING,),
    exports={"teams": export_teams},
    permissions={"teams:read": "See one's teams", "teams:write": "Make and change teams"},
    errors={"uq_team_member_team_id_user_id": AlreadyMember},
    dependencies={
        "teams": Provide(provide_teams, sync_to_thread=False),
        "members": Provide(provide_members, sync_to_thread=False),
        "invitations": Provide(provide_invitations, sync_to_thread=False),
    },
    examples={
        "NewTeam.name": "Search team",
        "TeamPatch.name": "Search team",
        "TeamView.name": "Search team",
        "NewInvitation.email": "member@team.example",
    },
)

__all__ = [
    "DOMAIN",
    "OWNERS",
    "READERS",
    "TEAMS_TAG",
    "WRITERS",
    "MemberService",
    "TeamRole",
    "TeamService",
    "check_role",
    "in_callers_teams",
    "personal_team",
    "require_role",
    "role_in",
    "team_role",
]
