from collections.abc import Awaitable, Callable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.auth.access import OPT
from bedplate.platform.auth.caller import Caller
from bedplate.platform.auth.revocation import Revocations
from bedplate.platform.auth.tokens import InvalidToken, Tokens
from bedplate.platform.errors import Unauthenticated

API_KEY_PREFIX = "bp_"

type ApiKeys = Callable[[str], Awaitable[Caller]]


class Authenticator:
    """Turns a request's credential into a caller: a bearer token, or an API key in the same header."""

    def __init__(self, tokens: Tokens, revocations: Revocations, api_keys: ApiKeys | None = None) -> None:
        self._tokens = tokens
        self._revocations = revocations
        self._api_keys = api_keys

    async def authenticate(self, scheme: str, credential: str) -> Caller:
        """Verify a credential.

        Raises:
            Unauthenticated: it is unknown, expired, revoked or of another scheme.
        """
        if scheme != "bearer" or not credential:
            raise InvalidToken
        if credential.startswith(API_KEY_PREFIX):
            if self._api_keys is None:
                raise InvalidToken
            return await self._api_keys(credential)
        verified = self._tokens.verify(credential)
        await self._revocations.check(verified)
        return verified.caller


class CallerMiddleware:
    """Puts the caller, or None, in `scope["user"]`; a credential that is there must be valid.

    Public routes ignore a stale one: clients send the header with everything, a refresh included.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self.app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            scope["user"] = scope["auth"] = None
            for name, value in scope["headers"]:
                if name == b"authorization":
                    scope["user"] = await self._caller(scope, value)
                    break
        await self.app(scope, receive, send)

    async def _caller(self, scope: Scope, header: bytes) -> Caller | None:
        scheme, _, credential = header.decode("latin-1").partition(" ")
        try:
            return await self._authenticator.authenticate(scheme.lower(), credential.strip())
        except Unauthenticated:
            if scope["route_handler"].opt[OPT].anonymous:
                return None
            raise
