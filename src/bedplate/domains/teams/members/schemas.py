import datetime as dt
from uuid import UUID

import msgspec

from bedplate.domains.teams.schemas import TeamRole


class MemberView(msgspec.Struct):
    """A person in a team, as the team's members see him."""

    user_id: UUID
    name: str
    email: str
    role: TeamRole
    joined_at: dt.datetime


class MemberPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: TeamRole
