import datetime as dt
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

type Name = Annotated[str, Meta(max_length=200, description="What the person is called")]
type Email = Annotated[
    str, Meta(min_length=3, max_length=254, description="E-mail address", examples=["owner@team.example"])
]
type Password = Annotated[
    str, Meta(min_length=1, max_length=1024, description="Any characters; see the strength rules")
]


class Profile(msgspec.Struct, frozen=True):
    """One's own account."""

    id: UUID
    email: str
    name: str
    email_verified: bool
    has_password: bool
    roles: list[str]
    personal_team_id: UUID | None
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class ProfilePatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
