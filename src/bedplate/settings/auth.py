from typing import Annotated

import msgspec
from msgspec import Meta

from bedplate.settings.secret import Secret


class AuthSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, passwords and the keys behind them."""

    secret: Annotated[
        Secret,
        Meta(
            description="At least 32 characters: seals signing keys and cursors at rest. `bedplate up` makes one."
        ),
    ] = Secret("")
    previous_secrets: Annotated[
        tuple[Secret, ...],
        Meta(description="Former values of `secret`, still able to open what they sealed."),
    ] = ()
    issuer: Annotated[str, Meta(description="`iss` of access tokens; empty: the public URL.")] = ""
    audience: Annotated[str, Meta(min_length=1, description="`aud` of access tokens.")] = "bedplate"
    access_token_ttl: Annotated[float, Meta(ge=30, le=3600, description="Seconds an access token lives.")] = (
        300.0
    )
    refresh_idle_ttl: Annotated[float, Meta(ge=300, description="Seconds a refresh token lives unused.")] = (
        14 * 86400.0
    )
    session_ttl: Annotated[float, Meta(ge=300, description="Seconds a session lives at most.")] = 90 * 86400.0
    refresh_grace: Annotated[
        float,
        Meta(ge=0, le=10, description="Seconds in which a rotated refresh token still yields its successor."),
    ] = 10.0
    clock_skew: Annotated[float, Meta(ge=0, le=60, description="Seconds of clock difference tolerated.")] = (
        60.0
    )
    token_cache_size: Annotated[int, Meta(ge=0, description="Verified access tokens held, a process.")] = (
        20_000
    )
    password_min_length: Annotated[
        int, Meta(ge=8, le=64, description="Characters (NIST SP 800-63B-4, 3.1.1.2).")
    ] = 15
    argon2_memory: Annotated[
        int, Meta(ge=32, description="Argon2id memory, KiB; production refuses less than 19456.")
    ] = 19_456
    argon2_time: Annotated[
        int, Meta(ge=1, description="Argon2id passes; production refuses less than 2.")
    ] = 2
    api_key_ttl: Annotated[
        float,
        Meta(ge=3600, description="Seconds an API key lives at most, and when its maker names no end."),
    ] = 365 * 86400.0
    max_api_keys: Annotated[
        int, Meta(ge=1, description="Living API keys that a person, or a team, may have.")
    ] = 200
    max_invitations: Annotated[int, Meta(ge=1, description="Open invitations that a team may have.")] = 200
    max_letters: Annotated[
        int,
        Meta(
            ge=1,
            description="Letters of one kind an hour that others can cause to one account, such as those that "
            "reset a password; the answer to who asks for more is the same.",
        ),
    ] = 10
    hash_queue: Annotated[
        int,
        Meta(ge=1, description="Password checks that may wait for a core, a process; more are answered 503."),
    ] = 1_000
    allow_reserved_domains: Annotated[
        bool, Meta(description="Accept addresses under .test, .example and .localhost; `up` sets it.")
    ] = False
    verify_ttl: Annotated[
        float, Meta(ge=300, le=86400, description="Seconds a mailed link lives that verifies an address.")
    ] = 86400.0
    reset_ttl: Annotated[
        float, Meta(ge=300, le=3600, description="Seconds a mailed link lives that resets a password.")
    ] = 3600.0
    delete_grace: Annotated[
        float, Meta(ge=0, description="Seconds in which a deleted account can still be restored.")
    ] = 14 * 86400.0
    max_password_failures: Annotated[
        int, Meta(ge=10, le=100, description="Failures in a row that disable a password (63B 3.2.2).")
    ] = 100
    breach_range_url: Annotated[
        str,
        Meta(
            description="`https://…/range/` of a k-anonymity service for breached passwords; empty: not asked."
        ),
    ] = ""
    breach_timeout: Annotated[
        float, Meta(gt=0, le=10, description="Seconds that service may take; later, the password passes.")
    ] = 2.0
