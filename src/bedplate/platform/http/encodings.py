import gzip
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import brotli
import zstandard

ZSTD_LEVEL, BROTLI_QUALITY, GZIP_LEVEL = 3, 4, 6
"""Levels for answers made anew each time: about the ratio of gzip's default, faster."""

GZIP_WINDOW = 31


class Coder(Protocol):
    """Encodes a body in pieces."""

    def compress(self, data: bytes, /) -> bytes:
        """Take a piece in; returns what is ready to be sent, often nothing."""
        ...

    def flush(self) -> bytes:
        """Return the rest."""
        ...


class Brotli:
    """RFC 7932; the library's own names are other ones."""

    def __init__(self) -> None:
        self._coder: Any = brotli.Compressor(quality=BROTLI_QUALITY)

    def compress(self, data: bytes, /) -> bytes:
        return self._coder.process(data)

    def flush(self) -> bytes:
        return self._coder.finish()


CODERS: Mapping[str, Callable[[], Coder]] = {
    "zstd": lambda: zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj(),
    "br": Brotli,
    "gzip": lambda: zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW),
}
"""The encodings we speak (RFC 8878, 7932 and 1952), the dearest to us first."""


def _brotli(body: bytes) -> bytes:
    compress: Callable[..., bytes] = brotli.compress  # pyright: ignore[reportUnknownVariableType]
    return compress(body, quality=BROTLI_QUALITY)


WHOLE: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.compress(body, ZSTD_LEVEL),
    "br": _brotli,
    "gzip": lambda body: gzip.compress(body, GZIP_LEVEL, mtime=0),
}
"""Encode a whole body at once."""


@lru_cache(maxsize=512)
def negotiated(accept: str) -> str | None:
    """Choose by Accept-Encoding (RFC 9110 section 12.5.3); None: as it is."""
    weights = {
        name: weight
        for part in accept.lower().split(",")
        if (name := part.partition(";")[0].strip())
        for weight in (_weight(part),)
    }
    others = weights.get("*", 0.0)
    offered = {name: weights.get(name, others) for name in CODERS}
    # The first of equals wins: the order of CODERS is ours.
    best = max(offered, key=lambda name: offered[name])
    return best if offered[best] > 0 and offered[best] >= weights.get("identity", 0.0) else None


def _weight(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
