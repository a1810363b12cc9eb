import datetime as dt
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

type RoleName = Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$", description="Unique", examples=["auditor"])]
type Description = Annotated[str, Meta(max_length=500, description="What the role is for")]
type Permission = Annotated[
    str, Meta(pattern="^[a-z-]{1,32}:[a-z-]{1,31}$", description="`resource:action`", examples=["plans:read"])
]
type Permissions = Annotated[list[Permission], Meta(max_length=200)]


class RoleView(msgspec.Struct):
    """A role; the system's own are kept by the code."""

    id: UUID
    name: str
    description: str
    system: bool
    permissions: list[str]
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class NewRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: RoleName
    permissions: Permissions
    description: Description = ""


class RolePatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: RoleName | UnsetType = UNSET
    permissions: Permissions | UnsetType = UNSET
    description: Description | UnsetType = UNSET


class PermissionView(msgspec.Struct):
    """A permission and what it allows."""

    name: str
    meaning: str
    administrative: bool
