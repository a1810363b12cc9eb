import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

type TeamRole = Literal["owner", "editor", "viewer"]
type TeamName = Annotated[str, Meta(min_length=1, max_length=200, description="What the team is called")]


class NewTeam(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: TeamName


class TeamPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: TeamName | UnsetType = UNSET


class TeamView(msgspec.Struct):
    """A team as one of its members sees it; `role` is his."""

    id: UUID
    name: str
    personal: bool
    role: TeamRole
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int

    @property
    def tag(self) -> str:
        """What its ETag is made of: the version, and the role that differs from member to member."""
        return f"{self.version}-{self.role}"
