import hashlib
from typing import Any

from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.auth.caller import Caller
from bedplate.platform.http.body import TypedRequest
from bedplate.platform.idempotency.errors import InvalidIdempotencyKey
from bedplate.platform.idempotency.reservation import PENDING, Pending

MAX_KEY = 255
OPT = "idempotent"


class IdempotencyLayer:
    """Takes note of a POST's Idempotency-Key; the request's transaction does the rest.

    Not for `/v1/auth/` and other routes that return a secret: these say `idempotent=False`, and a secret is
    never stored.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = self._key(scope) if scope.get("method") == HttpMethod.POST else None
        caller: Caller | None = scope.get("user")
        if key is None or caller is None:
            await self.app(scope, receive, send)
            return
        body = await TypedRequest(scope, receive).body()
        handler: Any = scope["route_handler"]
        token = PENDING.set(Pending(caller.user_id, key, _fingerprint(scope, body), handler.status_code))
        try:
            await self.app(scope, receive, send)
        finally:
            PENDING.reset(token)

    @staticmethod
    def _key(scope: Scope) -> str | None:
        if scope["path"].startswith("/v1/auth/"):
            return None
        found = [value for name, value in scope["headers"] if name == b"idempotency-key"]
        if not found:
            return None
        key = found[0].decode("latin-1").strip().strip('"')
        # Of two keys either might be the one that a twin bears.
        if len(found) > 1 or not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
            raise InvalidIdempotencyKey
        return key


def idempotency_layer(app: ASGIApp, handler: BaseRouteHandler) -> ASGIApp:
    """Make a POST idempotent; every other route has no use for it."""
    posts = HttpMethod.POST in getattr(handler, "http_methods", ())
    return IdempotencyLayer(app) if posts and handler.opt.get(OPT) is not False else app


def _fingerprint(scope: Scope, body: bytes) -> bytes:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    digest = hashlib.blake2b(digest_size=32)
    for part in (scope["raw_path"], scope["query_string"], kind, body):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()
