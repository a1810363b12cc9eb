import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

type Code = Annotated[str, Meta(pattern=r"^[0-9]{6}$", description="The authenticator app's six digits")]
type RecoveryText = Annotated[
    str, Meta(min_length=16, max_length=32, description="One of the recovery codes; it works once")
]
type Credential = Annotated[
    dict[str, Any],
    Meta(description="What the browser returned, as JSON (WebAuthn level 3, `PublicKeyCredential.toJSON()`)"),
]
type Challenge = Annotated[str, Meta(min_length=16, max_length=128, description="As it was handed out")]
type PasskeyName = Annotated[str, Meta(max_length=100, description="What the list calls this passkey")]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A second factor: exactly one of its kinds."""

    code: Code | None = None
    recovery_code: RecoveryText | None = None
    passkey: Credential | None = None


class PasskeyView(msgspec.Struct):
    id: UUID
    name: str
    backed_up: bool
    created_at: dt.datetime
    last_used_at: dt.datetime | None


class FactorsView(msgspec.Struct, frozen=True):
    """One's second factors; `totp` tells whether an authenticator app is confirmed."""

    totp: bool
    recovery_codes_left: int
    passkeys: list[PasskeyView]


class TotpOffer(msgspec.Struct, frozen=True):
    """A seed for the authenticator app, shown once; `uri` is what a QR code holds."""

    secret: str
    uri: str


class TotpConfirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Code


class RecoveryCodesView(msgspec.Struct, frozen=True):
    """Recovery codes, shown once; empty where one's former codes go on."""

    recovery_codes: list[str]


class PasskeyOptions(msgspec.Struct, frozen=True):
    """`options` go to the browser's `navigator.credentials`; `challenge` comes back with its answer."""

    challenge: str
    options: msgspec.Raw


class NewPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    challenge: Challenge
    credential: Credential
    name: PasskeyName = ""


class PasskeyAdded(msgspec.Struct, frozen=True):
    """The new passkey, and recovery codes when it is the first factor."""

    id: UUID
    recovery_codes: list[str]
