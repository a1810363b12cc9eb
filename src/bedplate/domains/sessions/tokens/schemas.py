from typing import Annotated

import msgspec
from msgspec import Meta

type Grant = Annotated[
    str,
    Meta(max_length=64, description="`refresh_token` or `authorization_code`", examples=["refresh_token"]),
]
type Text = Annotated[str, Meta(max_length=4096)]


class TokenRequest(msgspec.Struct, frozen=True):
    """A token request (RFC 6749 section 4.1.3 and 6), as a form or as JSON; unknown parameters are ignored (3.2).

    For `authorization_code`, `code` and `state` are those of the provider's callback. `code_verifier` is the
    secret behind the `code_challenge` that the authorization began with (RFC 7636); a browser that began it
    without one sends the cookie that it got instead.
    """

    grant_type: Grant = ""
    refresh_token: Text | None = None
    code: Text | None = None
    state: Text | None = None
    iss: Text | None = None
    code_verifier: Text | None = None
    redirect_uri: Text | None = None
    client_id: Text | None = None
    device: Annotated[str, Meta(max_length=100)] = ""


class RevokeRequest(msgspec.Struct, frozen=True):
    """A revocation request (RFC 7009 section 2.1), as a form or as JSON; unknown parameters are ignored."""

    token: Text
    token_type_hint: Text | None = None
    client_id: Text | None = None
