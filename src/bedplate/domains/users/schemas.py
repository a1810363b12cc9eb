from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bedplate.domains.accounts import Name

type RoleNames = Annotated[
    list[str], Meta(max_length=50, description="The roles the person shall have; everybody's goes unsaid")
]


class UserPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an administrator may change; a password and an address are the person's own."""

    name: Name | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    roles: RoleNames | UnsetType = UNSET
