import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bedplate.domains.accounts import Email, Name, Password

type DeviceName = Annotated[str, Meta(max_length=100, description="What the session list calls this device")]
type AsCookie = Annotated[
    bool, Meta(description="For a browser: a session cookie that scripts cannot read, instead of tokens")
]
type RefreshToken = Annotated[str, Meta(min_length=1, max_length=256, description="As it was handed out")]


class Signup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: Password
    name: Name = ""


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: Password
    device: DeviceName = ""
    cookie: AsCookie = False


class Refresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    refresh_token: RefreshToken


class TokenPair(msgspec.Struct, frozen=True):
    """A bearer token and what renews it (RFC 6749 section 5.1); `expires_in` in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750's name of the scheme


class CookieSession(msgspec.Struct, frozen=True):
    """A browser's session has begun; its cookie came with the answer. `expires_in` in seconds."""

    expires_in: int


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """How a session begins: by which method, on what device."""

    method: str = "password"
    device: str = ""
    known_device: bool = False


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


class ArchiveOrdered(msgspec.Struct, frozen=True):
    """The job that gathers the archive."""

    job_id: UUID
