import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bedplate.domains.accounts import Email, Name, Password

type RefreshToken = Annotated[str, Meta(min_length=1, max_length=256, description="As it was handed out")]


class Signup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: Password
    name: Name = ""


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: Password
    device: Annotated[str, Meta(max_length=100, description="What the session list calls this device")] = ""


class Refresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    refresh_token: RefreshToken


class TokenPair(msgspec.Struct, frozen=True):
    """A bearer token and what renews it (RFC 6749 section 5.1); `expires_in` in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750's name of the scheme


class Accepted(msgspec.Struct, frozen=True):
    """The same answer for a known and a new address."""

    detail: str


class SessionView(msgspec.Struct):
    """One sign-in."""

    id: UUID
    created_at: dt.datetime
    last_used_at: dt.datetime
    expires_at: dt.datetime
    device: str
    address: str | None
    user_agent: str
    client_id: str
    current: bool
