import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from bedplate.platform.auth.caller import Caller
from bedplate.platform.auth.keys import KeyRing
from bedplate.platform.db import new_id
from bedplate.platform.errors import Unauthenticated
from bedplate.settings.auth import AuthSettings

TYPE = "at+jwt"
MAX_TOKEN_LENGTH = 8192


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of an access token (RFC 9068 section 2.2), typed: a string `exp` does not pass."""

    iss: str
    aud: str
    sub: UUID
    client_id: str
    exp: int
    iat: int
    nbf: int
    jti: UUID
    sid: UUID
    roles: list[str] = []
    scope: str = ""
    email_verified: bool = False
    auth_time: int = 0


class Verified(msgspec.Struct, frozen=True):
    """A caller and what revocation asks about his token: when it was issued, in ms, and when it ends, in s."""

    caller: Caller
    issued_ms: int
    expires: float


class InvalidToken(Unauthenticated):
    code, title = "invalid_token", "The access token is not valid"

    def __init__(self) -> None:
        super().__init__(challenge='Bearer realm="bedplate", error="invalid_token"')


class Tokens:
    """Issues and verifies ES256 access tokens (RFC 9068, hardened by RFC 8725)."""

    def __init__(self, settings: AuthSettings, keys: KeyRing, issuer: str) -> None:
        self._settings = settings
        self._keys = keys
        self._issuer = settings.issuer or issuer
        self._registry = jws.JWSRegistry(algorithms=["ES256"])
        self._verified: OrderedDict[str, Verified] = OrderedDict()

    @property
    def lifetime(self) -> int:
        """Seconds an access token lives."""
        return int(self._settings.access_token_ttl)

    def issue(
        self,
        *,
        user_id: UUID,
        session_id: UUID,
        roles: list[str],
        scopes: list[str],
        email_verified: bool,
        authenticated_at: dt.datetime,
        client_id: str = "bedplate",
    ) -> str:
        """Sign an access token for a session."""
        now = int(time.time())
        claims = Claims(
            iss=self._issuer,
            aud=self._settings.audience,
            sub=user_id,
            client_id=client_id,
            exp=now + self.lifetime,
            iat=now,
            nbf=now,
            jti=new_id(),
            sid=session_id,
            roles=roles,
            scope=" ".join(scopes),
            email_verified=email_verified,
            auth_time=int(authenticated_at.timestamp()),
        )
        kid, key = self._keys.signing()
        header = {"alg": "ES256", "typ": TYPE, "kid": kid}
        return jws.serialize_compact(header, msgspec.json.encode(claims), key, registry=self._registry)

    def verify(self, token: str) -> Verified:
        """Verify a token; what was verified once is held, bounded, until it expires.

        Raises:
            InvalidToken: for every fault alike.
        """
        held = self._verified.get(token)
        if held is not None:
            if held.expires > time.time():
                return held
            del self._verified[token]
            raise InvalidToken
        verified = self._check(token)
        if self._settings.token_cache_size:
            self._verified[token] = verified
            if len(self._verified) > self._settings.token_cache_size:
                self._verified.popitem(last=False)
        return verified

    def _check(self, token: str) -> Verified:
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidToken
        try:
            key = self._key(jws.extract_compact(token.encode("ascii")).headers())
            payload = jws.deserialize_compact(token, key, registry=self._registry).payload
            claims = msgspec.json.decode(payload, type=Claims)
        except (JoseError, ValueError, TypeError, KeyError, msgspec.DecodeError) as error:
            raise InvalidToken from error
        return self._accept(claims)

    def _key(self, header: Mapping[str, Any]) -> ECKey:
        # An embedded key, a key address or an extension we do not know is a way around our own key set.
        plain = set(header) == {"alg", "typ", "kid"} and header["alg"] == "ES256" and header["typ"] == TYPE
        key = self._keys.verifying(str(header["kid"])) if plain else None
        if key is None:
            raise InvalidToken
        return key

    def _accept(self, claims: Claims) -> Verified:
        now, skew = time.time(), self._settings.clock_skew
        timely = claims.nbf <= now + skew and claims.iat <= now + skew and now < claims.exp
        if not timely or claims.iss != self._issuer or claims.aud != self._settings.audience:
            raise InvalidToken
        caller = Caller(
            user_id=claims.sub,
            session_id=claims.sid,
            roles=frozenset(claims.roles),
            scopes=frozenset(claims.scope.split()),
            email_verified=claims.email_verified,
            authenticated_at=dt.datetime.fromtimestamp(claims.auth_time, dt.UTC),
        )
        # The jti is a UUIDv7: its first 48 bits are the milliseconds of issue (RFC 9562 section 5.7).
        return Verified(caller, claims.jti.int >> 80, float(claims.exp))
