from uuid import UUID

from sqlalchemy import bindparam, select

from bedplate.domains.accounts.scope import email_of, is_person, name_of
from bedplate.domains.teams.members.schemas import MemberView
from bedplate.domains.teams.models import TeamMember
from bedplate.platform.db import Listing, Read, Sort

_MEMBERS = select(
    TeamMember.user_id,
    name_of(TeamMember.user_id).label("name"),
    email_of(TeamMember.user_id).label("email"),
    TeamMember.role,
    TeamMember.created_at.label("joined_at"),
).where(TeamMember.team_id == bindparam("team_id"), is_person(TeamMember.user_id))

MEMBERS = Listing(
    "team-members",
    _MEMBERS,
    MemberView,
    sorts={"joined_at": Sort(columns=(TeamMember.id,), kinds=(UUID,))},
    default_sort="joined_at",
    filters={"role": TeamMember.role == bindparam("role")},
)
MEMBER = Read(_MEMBERS.where(TeamMember.user_id == bindparam("member_id")), MemberView)
