import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

type KeyName = Annotated[str, Meta(min_length=1, max_length=100, description="What the key is for")]
type Scopes = Annotated[
    list[Annotated[str, Meta(max_length=64)]],
    Meta(
        min_length=1,
        max_length=200,
        description="The permissions it grants, out of one's own",
        examples=[["plans:read"]],
    ),
]
type Expiry = Annotated[
    dt.datetime, Meta(tz=True, description="When it ends; at the latest what the service allows")
]
type KeyRole = Annotated[
    Literal["editor", "viewer"], Meta(description="What a team's key is in the team; never an owner")
]


class NewApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: KeyName
    scopes: Scopes
    expires_at: Expiry | None = None
    team_id: UUID | None = None
    team_role: KeyRole = "editor"


class ApiKeyPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: KeyName | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    expires_at: Expiry | UnsetType = UNSET


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    overlap: Annotated[
        int, Meta(ge=0, le=86400, description="Seconds in which the former secret works beside the new one")
    ] = 0


class ApiKeyView(msgspec.Struct):
    """An API key without its secret; times of its own kind are null where they have not come."""

    id: UUID
    name: str
    prefix: str
    team_id: UUID | None
    created_by: UUID | None
    scopes: list[str]
    created_at: dt.datetime
    updated_at: dt.datetime
    expires_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None
    version: int


class IssuedApiKey(ApiKeyView):
    """The only answer that ever shows the secret: send it as `Authorization: Bearer`."""

    key: str
