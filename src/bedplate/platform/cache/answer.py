"""What may be kept of an answer, and how a kept one is sent (RFC 9110, 9111)."""

import hashlib
from collections.abc import Mapping

import msgspec
from litestar.types import Send

from bedplate.platform.cache.capture import Capture
from bedplate.platform.cache.declare import Cached
from bedplate.platform.http.conditional import matches

type Headers = list[tuple[bytes, bytes]]

DROPPED = frozenset(
    {
        b"set-cookie",
        b"age",
        b"cache-control",
        b"connection",
        b"content-length",
        b"date",
        b"etag",
        b"transfer-encoding",
        b"vary",
    }
)
OK, NOT_MODIFIED = 200, 304
HARMLESS_VARY = frozenset({"accept-encoding", "authorization", "cookie", "origin"})


class KeptAnswer(msgspec.Struct, array_like=True, gc=False):
    """An answer as it is kept: final but for its age."""

    etag: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(KeptAnswer)


def kept_answer(capture: Capture, cached: Cached) -> bytes | None:
    """Encode an answer that may be kept; None where it may not."""
    if capture.status != OK or not capture.whole or capture.overflowed:
        return None
    headers = {name: value.decode("latin-1") for name, value in capture.headers}
    if not _may_keep(headers, cached):
        return None
    etag = headers.get(b"etag") or f'"{hashlib.blake2b(capture.body, digest_size=16).hexdigest()}"'
    kept = [pair for pair in capture.headers if pair[0] not in DROPPED]
    kept += [
        (b"etag", etag.encode("latin-1")),
        (b"cache-control", cached.cache_control().encode()),
        (b"content-length", str(len(capture.body)).encode()),
        *_vary(cached),
    ]
    return ENCODER.encode(KeptAnswer(etag, kept, capture.body))


def _may_keep(headers: Mapping[bytes, str], cached: Cached) -> bool:
    control = {
        part.strip().partition("=")[0].lower() for part in headers.get(b"cache-control", "").split(",")
    }
    if "no-store" in control or (cached.scope == "public" and "private" in control):
        return False
    if headers.get(b"content-encoding", "identity") != "identity":
        return False
    varies = {name.strip().lower() for name in headers.get(b"vary", "").split(",") if name.strip()}
    return varies <= HARMLESS_VARY | {name.lower() for name in cached.vary}


def _vary(cached: Cached) -> Headers:
    names = [*cached.vary, *([] if cached.scope == "public" else ["Authorization", "Cookie"])]
    return [(b"vary", ", ".join(names).encode())] if names else []


async def send_kept(value: bytes, age: float, if_none_match: str | None, send: Send) -> None:
    """Send a kept answer, or 304 where the client has it."""
    kept = DECODER.decode(value)
    headers = [*kept.headers, (b"age", str(int(age)).encode())]
    if if_none_match and matches(if_none_match, kept.etag):
        await _send_not_modified(headers, send)
        return
    await send({"type": "http.response.start", "status": OK, "headers": headers})
    await send({"type": "http.response.body", "body": kept.body, "more_body": False})


async def send_made(capture: Capture, if_none_match: str | None, send: Send) -> None:
    """Send an answer that was not kept, or 304 where the client has it: its handler was not told of that."""
    if if_none_match and capture.status == OK and not capture.overflowed:
        etag = next((value for name, value in capture.headers if name == b"etag"), b"").decode("latin-1")
        if etag and matches(if_none_match, etag):
            await _send_not_modified(capture.headers, send)
            return
    await capture.replay(send)


async def _send_not_modified(headers: Headers, send: Send) -> None:
    headers = [pair for pair in headers if not pair[0].startswith(b"content-")]
    await send({"type": "http.response.start", "status": NOT_MODIFIED, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
