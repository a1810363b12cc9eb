from uuid import UUID

from sqlalchemy import bindparam, func, select

from bedplate.domains.teams.invitations.schemas import InvitationView
from bedplate.domains.teams.models import TeamInvitation
from bedplate.platform.db import Listing, Sort

INVITATIONS = Listing(
    "team-invitations",
    select(
        TeamInvitation.id,
        TeamInvitation.team_id,
        TeamInvitation.email,
        TeamInvitation.role,
        TeamInvitation.invited_by,
        TeamInvitation.created_at,
        TeamInvitation.expires_at,
    ).where(
        TeamInvitation.team_id == bindparam("team_id"),
        TeamInvitation.answer.is_(None),
        TeamInvitation.expires_at > func.now(),
    ),
    InvitationView,
    sorts={"created_at": Sort(columns=(TeamInvitation.id,), kinds=(UUID,))},
    default_sort="-created_at",
)
