import datetime as dt
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

type CodeChallenge = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{43}$",
        description="S256 challenge (RFC 7636) of a verifier that the client keeps, and sends to `/v1/auth/token`",
    ),
]


class IdentityView(msgspec.Struct):
    """A provider's person that one's account is linked to."""

    id: UUID
    provider: str
    issuer: str
    subject: str
    created_at: dt.datetime
    last_used_at: dt.datetime


class ProviderView(msgspec.Struct, frozen=True):
    """A provider that one can sign in with; `name` goes into `/v1/auth/authorize`."""

    name: str
    title: str


class AuthorizationView(msgspec.Struct, frozen=True):
    """Where to send the person, and the state that he comes back with."""

    authorization_url: str
    state: str


class LinkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider to link; a browser leaves `code_challenge` out and is bound by a cookie."""

    provider: Annotated[str, Meta(max_length=32)]
    code_challenge: CodeChallenge | None = None
    redirect_uri: Annotated[str, Meta(max_length=2048)] = ""


class CallbackCode(msgspec.Struct, frozen=True):
    """What a client trades at `/v1/auth/token`, with the verifier that it alone holds."""

    code: str
    state: str
    iss: str | None
