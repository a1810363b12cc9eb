import time
from collections.abc import Mapping
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "RS384", "RS512"]
HEADERS = frozenset({"alg", "kid", "typ"})
MAX_LENGTH = 16_384
MAX_AGE = 3600


class IdTokenRefused(Exception):  # noqa: N818 - what happened, not who erred
    """An ID token does not hold; the reason is for our own log, never for the client."""


class IdClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims that count (OpenID Connect Core 2 and 5.1), typed: a string `exp` does not pass."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nonce: str
    nbf: int | float | None = None
    azp: str | None = None
    email: str | None = None
    email_verified: bool | str = False
    name: str | None = None

    @property
    def vouched_email(self) -> str | None:
        """The address, if the provider says that it is verified."""
        return self.email if self.email and self.email_verified is True else None


def verify(token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, skew: float) -> IdClaims:
    """Verify an ID token (OpenID Connect Core 3.1.3.7, RFC 8725).

    Raises:
        IdTokenRefused: for any fault.
    """
    if len(token) > MAX_LENGTH:
        raise IdTokenRefused("too long")
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
        key = _key(header, keys)
        payload = jws.deserialize_compact(token, key, registry=jws.JWSRegistry(algorithms=ALGORITHMS)).payload
        claims = msgspec.json.decode(payload, type=IdClaims)
    except (JoseError, ValueError, TypeError, KeyError, msgspec.DecodeError) as error:
        raise IdTokenRefused(type(error).__name__) from None
    _accept(claims, issuer=issuer, client_id=client_id, nonce=nonce, skew=skew)
    return claims


def key_id(token: str) -> str | None:
    """The id of the key that a token says it was signed with."""
    try:
        found = jws.extract_compact(token.encode("ascii")).headers().get("kid")
    except (JoseError, ValueError):
        return None
    return found if isinstance(found, str) else None


def _key(header: Mapping[str, Any], keys: KeySet) -> Any:
    # An embedded key, a key's address or an extension is a way around the provider's own key set, and a
    # token of another type (an access token is `at+jwt`) is no ID token.
    if not set(header) <= HEADERS or header.get("typ", "JWT") not in {"JWT", "jwt"}:
        raise IdTokenRefused("header")
    kid, algorithm = header.get("kid"), header.get("alg")
    if not isinstance(kid, str) or algorithm not in ALGORITHMS:
        raise IdTokenRefused("kid or alg")
    key = next((one for one in keys.keys if one.kid == kid), None)
    if key is None or key.key_type not in {"RSA", "EC"}:
        raise IdTokenRefused("unknown key")
    declared = key.get("alg")
    if declared is not None and declared != algorithm:
        raise IdTokenRefused("alg of another key")
    return key


def _accept(claims: IdClaims, *, issuer: str, client_id: str, nonce: str, skew: float) -> None:
    now = time.time()
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if claims.iss != issuer:
        raise IdTokenRefused("iss")
    if client_id not in audiences or (len(audiences) > 1 and claims.azp is None):
        raise IdTokenRefused("aud")
    if claims.azp is not None and claims.azp != client_id:
        raise IdTokenRefused("azp")
    if claims.exp + skew <= now or claims.iat > now + skew or claims.iat < now - MAX_AGE - skew:
        raise IdTokenRefused("exp or iat")
    if claims.nbf is not None and claims.nbf > now + skew:
        raise IdTokenRefused("nbf")
    if claims.nonce != nonce or not claims.sub:
        raise IdTokenRefused("nonce or sub")
