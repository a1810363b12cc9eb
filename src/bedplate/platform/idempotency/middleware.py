import hashlib
from typing import Any

from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

from bedplate.platform.auth.caller import Caller
from bedplate.platform.idempotency.errors import InvalidIdempotencyKey
from bedplate.platform.idempotency.reservation import PENDING, Pending

MAX_KEY = 255
OPT = "idempotent"


class IdempotencyLayer:
    """Takes note of a POST's Idempotency-Key; the request's transaction does the rest.

    Not for `/v1/auth/` and other routes that return a secret: these say `idempotent=False`, and a secret is
    never stored. A body over the limit is left to the handler to refuse.
    """

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self.app = app
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = self._key(scope) if scope.get("method") == HttpMethod.POST else None
        caller: Caller | None = scope.get("user")
        if key is None or caller is None:
            await self.app(scope, receive, send)
            return
        messages, body = await self._read(receive)
        handler: Any = scope["route_handler"]
        token = PENDING.set(Pending(caller.user_id, key, _fingerprint(scope, body), handler.status_code))
        try:
            await self.app(scope, _replayed(messages, receive), send)
        finally:
            PENDING.reset(token)

    @staticmethod
    def _key(scope: Scope) -> str | None:
        if scope["path"].startswith("/v1/auth/"):
            return None
        for name, value in scope["headers"]:
            if name == b"idempotency-key":
                key = value.decode("latin-1").strip().strip('"')
                if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
                    raise InvalidIdempotencyKey
                return key
        return None

    async def _read(self, receive: Receive) -> tuple[list[HTTPReceiveMessage], bytes]:
        messages: list[HTTPReceiveMessage] = []
        size = 0
        while True:
            message: Any = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if not message.get("more_body") or size > self._max_body:
                return messages, b"".join(m.get("body", b"") for m in messages if m["type"] == "http.request")


def idempotency_layer(app: ASGIApp, handler: BaseRouteHandler, max_body: int) -> ASGIApp:
    """Make a POST idempotent; every other route has no use for it."""
    posts = HttpMethod.POST in getattr(handler, "http_methods", ())
    return IdempotencyLayer(app, max_body) if posts and handler.opt.get(OPT) is not False else app


def _fingerprint(scope: Scope, body: bytes) -> bytes:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    digest = hashlib.blake2b(digest_size=32)
    for part in (scope["raw_path"], scope["query_string"], kind, body):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()


def _replayed(messages: list[HTTPReceiveMessage], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def replay() -> Any:
        for message in waiting:
            return message
        return await receive()

    return replay
