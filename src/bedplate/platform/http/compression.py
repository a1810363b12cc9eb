"""Answers in fewer bytes (RFC 9110 section 8.4): zstd, br or gzip, as the client accepts."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from litestar.types import Message, Scope, Send

from bedplate.platform.http.conditional import coded, coding_of
from bedplate.platform.http.encodings import CODERS, WHOLE, Coder, negotiated
from bedplate.platform.http.headers import Field
from bedplate.platform.telemetry.metrics import counter

COMPRESSED = counter("answers_compressed_total", "Answers sent in an encoding.", ("encoding",))
COMPRESSED.begin(CODERS)

KINDS = (
    b"application/json",
    b"application/problem+json",
    b"application/x-ndjson",
    b"application/xml",
    b"application/yaml",
    b"image/svg+xml",
    b"text/",
)
EVENTS = b"text/event-stream"
LARGE = 65_536
"""Bytes from which a body is encoded in a thread: the libraries let go of the interpreter's lock meanwhile."""

KEPT_BYTES = 8_388_608
"""What a process keeps of encoded public answers, such as the API's document."""


class Compression:
    """Decides which answers are encoded.

    Never one that holds a secret, for its length would tell of it (BREACH): what is not to be stored, sets a
    cookie, stands below `/v1/auth/`, is of a route that returns a secret, or was asked for from another site.
    """

    def __init__(self, minimum: int) -> None:
        self._minimum = minimum
        self._kept = _Kept(KEPT_BYTES)

    def begin(self, scope: Scope, status: int, headers: list[Field], send: Send) -> Send:
        """Look at the head of an answer; returns the `send` that encodes it, or the one given.

        Called for each answer: one that says that it is small is done with after a glance.
        """
        for name, value in headers:
            if name == b"content-length":
                if int(value) < self._minimum:
                    return send
                break
        return self._consider(scope, status, headers, send)

    def _consider(self, scope: Scope, status: int, headers: list[Field], send: Send) -> Send:
        fields = dict(headers)
        if status == HTTPStatus.NOT_MODIFIED:
            _answer_in_kind(scope, headers, fields)
            return send
        if not _fit(status, fields) or _secret(scope, fields):
            return send
        _vary(headers, fields)
        encoding = negotiated(_asked(scope, b"accept-encoding") or "")
        if encoding is None:
            return send
        kept = self._kept if b"public" in fields.get(b"cache-control", b"") else None
        return _Encoding(send, encoding, kept)


class _Kept:
    """Encoded bodies by what they were; the least recently used go first."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._bodies: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()

    def get(self, encoding: str, body: bytes) -> bytes | None:
        found = self._bodies.get((encoding, body))
        if found is not None:
            self._bodies.move_to_end((encoding, body))
        return found

    def keep(self, encoding: str, body: bytes, encoded: bytes) -> None:
        if len(body) + len(encoded) > KEPT_BYTES // 8:
            return
        self._bodies[encoding, body] = encoded
        self._room -= len(body) + len(encoded)
        while self._room < 0:
            (_, oldest), gone = self._bodies.popitem(last=False)
            self._room += len(oldest) + len(gone)


class _Encoding:
    """The `send` of an answer that is encoded; its head waits for the first piece of the body."""

    __slots__ = ("_coder", "_encoding", "_kept", "_send", "_start")

    def __init__(self, send: Send, encoding: str, kept: _Kept | None) -> None:
        self._send = send
        self._encoding = encoding
        self._kept = kept
        self._start: Any = None
        self._coder: Coder | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] != "http.response.body":
            await self._send(message)
        elif self._coder is not None:
            await self._go_on(self._coder, message.get("body", b""), more=message.get("more_body", False))
        elif message.get("more_body", False):
            self._coder = CODERS[self._encoding]()
            await self._begin(None)
            await self._go_on(self._coder, message.get("body", b""), more=True)
        else:
            await self._whole(message.get("body", b""))

    async def _whole(self, body: bytes) -> None:
        encoded = self._kept.get(self._encoding, body) if self._kept else None
        if encoded is None:
            encode = WHOLE[self._encoding]
            encoded = encode(body) if len(body) < LARGE else await asyncio.to_thread(encode, body)
            if self._kept:
                self._kept.keep(self._encoding, body, encoded)
        if len(encoded) >= len(body):
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": body, "more_body": False})
            return
        await self._begin(len(encoded))
        await self._send({"type": "http.response.body", "body": encoded, "more_body": False})

    async def _begin(self, length: int | None) -> None:
        COMPRESSED(self._encoding).inc()
        headers = [_recoded(pair, self._encoding) for pair in self._start["headers"]]
        headers = [pair for pair in headers if pair[0] != b"content-length"]
        headers.append((b"content-encoding", self._encoding.encode()))
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        self._start["headers"] = headers
        await self._send(self._start)

    async def _go_on(self, coder: Coder, piece: bytes, *, more: bool) -> None:
        ready = coder.compress(piece) if piece else b""
        if not more:
            ready += coder.flush()
        if ready or not more:
            await self._send({"type": "http.response.body", "body": ready, "more_body": more})


def _fit(status: int, fields: Mapping[bytes, bytes]) -> bool:
    kind = fields.get(b"content-type", b"")
    return (
        status >= HTTPStatus.OK
        and status not in {HTTPStatus.NO_CONTENT, HTTPStatus.PARTIAL_CONTENT}
        and kind.startswith(KINDS)
        and not kind.startswith(EVENTS)
        and b"content-encoding" not in fields
        and b"no-transform" not in fields.get(b"cache-control", b"")
    )


def _secret(scope: Scope, fields: Mapping[bytes, bytes]) -> bool:
    # Refused before routing, a request has no route.
    handler: Any = scope.get("route_handler")
    return (
        b"no-store" in fields.get(b"cache-control", b"")
        or b"set-cookie" in fields
        or scope["path"].startswith("/v1/auth/")
        or (handler is not None and handler.opt.get("idempotent") is False)
        or _asked(scope, b"sec-fetch-site") == "cross-site"
    )


def _vary(headers: list[Field], fields: Mapping[bytes, bytes]) -> None:
    """Say that the answer depends on what the client accepts, whether or not it was encoded this time."""
    known = fields.get(b"vary", b"")
    if known != b"*" and b"accept-encoding" not in known.lower():
        headers[:] = [pair for pair in headers if pair[0] != b"vary"]
        headers.append((b"vary", b", ".join(filter(None, (known, b"Accept-Encoding")))))


def _answer_in_kind(scope: Scope, headers: list[Field], fields: Mapping[bytes, bytes]) -> None:
    """Let a 304 name the tag that the client holds: that of the encoded answer, if that is what it has."""
    tag = fields.get(b"etag")
    held = _asked(scope, b"if-none-match") if tag else None
    encoding = coding_of(held, CODERS) if held else None
    if tag and encoding:
        headers[:] = [_recoded(pair, encoding) for pair in headers]
    # What the whole answer would say (section 15.4.5); its kind and size are not told any more.
    if not _secret(scope, fields):
        _vary(headers, fields)


def _recoded(pair: Field, encoding: str) -> Field:
    name, value = pair
    return (name, coded(value.decode("latin-1"), encoding).encode("latin-1")) if name == b"etag" else pair


def _asked(scope: Scope, wanted: bytes) -> str | None:
    found: Sequence[bytes] = [value for name, value in scope["headers"] if name == wanted]
    return b",".join(found).decode("latin-1") if found else None
