import datetime as dt
import hashlib
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

    @property
    def tag(self) -> str:
        """What its ETag is made of: all of it, for name and address are kept elsewhere."""
        return hashlib.blake2b(msgspec.json.encode(self), digest_size=12).hexdigest()


class MemberPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: TeamRole
