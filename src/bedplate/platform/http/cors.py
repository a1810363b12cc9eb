from collections.abc import Sequence
from http import HTTPStatus

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from bedplate.platform.http.headers import Field

METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = (
    b"authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, traceparent"
)
ANSWER_HEADERS = (
    b"deprecation, etag, idempotency-replayed, link, location, ratelimit, ratelimit-policy, retry-after, sunset, "
    b"x-request-id"
)
REMEMBERED = b"600"
"""Seconds for which a browser need not ask again."""


class Cors:
    """Lets pages of some origins call (the CORS protocol of the Fetch standard).

    It stands outermost, so that a page may also read a refusal of the edges, such as 429 and its Retry-After.
    The answer varies by origin whether or not one was sent, so that no cache mixes them up.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self.app = app
        self._origins = frozenset(origin.rstrip("/").lower().encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        origin = asked.get(b"origin", b"")
        fields = self._fields(origin)
        if scope["method"] == "OPTIONS" and origin and b"access-control-request-method" in asked:
            await _answer_preflight(fields, send)
            return

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*_varying(list(message["headers"])), *fields]
            await send(message)

        await self.app(scope, receive, send_with_fields)

    def _fields(self, origin: bytes) -> list[Field]:
        if origin.lower() not in self._origins:
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", ANSWER_HEADERS),
        ]


async def _answer_preflight(fields: list[Field], send: Send) -> None:
    # A browser reads a preflight of an origin that is not allowed as a refusal: nothing stands in it.
    headers = [(b"vary", b"Origin"), *fields]
    if fields:
        headers += [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", REQUEST_HEADERS),
            (b"access-control-max-age", REMEMBERED),
        ]
    await send({"type": "http.response.start", "status": HTTPStatus.NO_CONTENT, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _varying(headers: Sequence[Field]) -> list[Field]:
    known = b", ".join(value for name, value in headers if name == b"vary")
    others = [pair for pair in headers if pair[0] != b"vary"]
    return [*others, (b"vary", b", ".join(filter(None, (known, b"Origin"))))]
