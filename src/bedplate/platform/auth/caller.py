import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request, as told by a verified access token or API key; no I/O went into it.

    `scopes` holds the permissions (`resource:action`) the credential grants; `session_id` is the token's
    `sid`, `key_id` the API key's; `authenticated_at` is when the person last proved who they are.
    """

    user_id: UUID
    kind: Literal["user", "api_key"] = "user"
    session_id: UUID | None = None
    key_id: UUID | None = None
    team_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    email_verified: bool = False
    authenticated_at: dt.datetime | None = None

    def may(self, permission: str) -> bool:
        """Whether the credential grants a permission."""
        return permission in self.scopes
