import datetime as dt
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bedplate.domains.accounts import Email
from bedplate.domains.teams.schemas import TeamRole


class NewInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    role: TeamRole = "editor"


class InvitationView(msgspec.Struct):
    """An open invitation, as the team's owners see it; its token is in the mail alone."""

    id: UUID
    team_id: UUID
    email: str
    role: TeamRole
    invited_by: UUID | None
    created_at: dt.datetime
    expires_at: dt.datetime


class InvitationToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(min_length=1, max_length=128, description="As it stands in the mail")]


class Joined(msgspec.Struct, frozen=True):
    """The team that one has joined, and as what."""

    team_id: UUID
    role: TeamRole
