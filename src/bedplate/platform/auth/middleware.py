import re
from collections.abc import Awaitable, Callable

from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.auth.access import access_of
from bedplate.platform.auth.caller import Caller
from bedplate.platform.auth.origins import SAFE, Origins
from bedplate.platform.auth.revocation import Revocations
from bedplate.platform.auth.tokens import InvalidToken, Tokens
from bedplate.platform.errors import Unauthenticated

API_KEY_PREFIX = "bp_"

type ApiKeys = Callable[[str], Awaitable[Caller]]
type Cookies = Callable[[str], Awaitable[Caller]]
COOKIE = re.compile(r"(?:^|;\s*)__Host-bedplate=([^;]*)")


class Authenticator:
    """Turns a request's credential into a caller: a bearer token, an API key in the same header, or a cookie."""

    def __init__(
        self,
        tokens: Tokens,
        revocations: Revocations,
        api_keys: ApiKeys | None = None,
        *,
        cookies: Cookies | None = None,
        origins: Origins | None = None,
    ) -> None:
        self._tokens = tokens
        self._revocations = revocations
        self._api_keys = api_keys
        self._cookies = cookies
        self._origins = origins

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

    async def by_cookie(self, scope: Scope, header: str) -> Caller | None:
        """Tell whose session a browser's cookie names; None when there is no such cookie.

        Raises:
            CrossSite: the cookie came along with what another site's page sent.
            Unauthenticated: its session has ended.
        """
        match = COOKIE.search(header)
        if match is None or self._cookies is None:
            return None
        if self._origins is not None and scope.get("method") not in SAFE:
            self._origins.check(scope)
        return await self._cookies(match[1])

    async def again(self, scope: Scope) -> Caller:
        """Tell anew who sent a request whose answer goes on and on: his credential may have ended since.

        Raises:
            Unauthenticated: it has.
        """
        headers = dict(scope["headers"])
        if b"authorization" in headers:
            scheme, _, credential = headers[b"authorization"].decode("latin-1").partition(" ")
            return await self.authenticate(scheme.lower(), credential.strip())
        caller = await self.by_cookie(scope, headers.get(b"cookie", b"").decode("latin-1"))
        if caller is None:
            raise InvalidToken
        return caller


class CallerLayer:
    """Puts the caller, or None, in `scope["user"]`; a credential that is there must be valid.

    Public routes ignore a stale one: clients send the header with everything, a refresh included.
    """

    def __init__(self, app: ASGIApp, handler: BaseRouteHandler, authenticator: Authenticator) -> None:
        self.app = app
        self._anonymous = access_of(handler).anonymous
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["user"] = scope["auth"] = None
        cookie: bytes | None = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                scope["user"] = await self._caller(value)
                break
            if name == b"cookie":
                cookie = value
        else:
            if cookie is not None:
                scope["user"] = await self._browser(scope, cookie)
        await self.app(scope, receive, send)

    async def _caller(self, header: bytes) -> Caller | None:
        scheme, _, credential = header.decode("latin-1").partition(" ")
        try:
            return await self._authenticator.authenticate(scheme.lower(), credential.strip())
        except Unauthenticated:
            if self._anonymous:
                return None
            raise

    async def _browser(self, scope: Scope, header: bytes) -> Caller | None:
        try:
            return await self._authenticator.by_cookie(scope, header.decode("latin-1"))
        except Unauthenticated:
            if self._anonymous:
                return None
            raise
