import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from bedplate.platform.auth.caller import Caller
from bedplate.platform.cache.declare import Cached
from bedplate.platform.cache.metrics import REQUESTS, RESULTS
from bedplate.platform.cache.store import Slot


class Asked(msgspec.Struct, frozen=True):
    """What a request says about caching."""

    headers: dict[bytes, bytes]

    @classmethod
    def of(cls, scope: Scope) -> "Asked":
        return cls(dict(scope["headers"]))

    @property
    def bypasses(self) -> bool:
        """Whether it wants nothing kept, or a part, or sends a body."""
        control = self.headers.get(b"cache-control", b"")
        return (
            b"no-store" in control.lower()
            or b"range" in self.headers
            or self.headers.get(b"content-length", b"0") != b"0"
        )

    @property
    def if_none_match(self) -> str | None:
        found = self.headers.get(b"if-none-match")
        return found.decode("latin-1") if found else None


class CachePlan:
    """How a route is cached, compiled."""

    __slots__ = ("_dynamic", "_vary", "cached", "guards", "handler", "results", "times")

    def __init__(self, handler: BaseRouteHandler, cached: Cached, route: str) -> None:
        self.handler = handler
        self.cached = cached
        self.times = cached.times
        self.guards: list[Any] = handler.resolve_guards()
        self.results = {result: REQUESTS(route, result).inc for result in RESULTS}
        self._vary = [name.lower().encode() for name in cached.vary]
        self._dynamic = any("{" in tag for tag in cached.tags)

    def slot(self, scope: Scope, asked: Asked) -> Slot | None:
        """Name the entry of a request; None where it cannot be told whose it would be."""
        caller: Caller | None = scope.get("user")
        whose = self._whose(caller)
        if whose is None:
            return None
        parts = (
            asked.headers.get(b"host", b""),
            scope["path_template"].encode(),
            scope["raw_path"],
            scope["query_string"],
            whose.encode(),
            *(asked.headers.get(name, b"\0") for name in self._vary),
        )
        return Slot(digest(parts), self._tags(scope, caller))

    def _whose(self, caller: Caller | None) -> str | None:
        if self.cached.scope == "public":
            return "public"
        if caller is None:
            return None
        roles = ",".join(sorted(caller.roles)) if caller.roles else ""
        if self.cached.scope == "team" and caller.team_id is not None:
            return f"team:{caller.team_id}:{roles}"
        return f"user:{caller.user_id}:{caller.key_id}:{caller.team_id}:{roles}"

    def _tags(self, scope: Scope, caller: Caller | None) -> tuple[str, ...]:
        if not self._dynamic:
            return self.cached.tags
        values: dict[str, Any] = dict(scope["path_params"])
        if caller is not None:
            values |= {"user_id": caller.user_id, "team_id": caller.team_id}
        return tuple(tag.format_map(values) for tag in self.cached.tags)


def digest(parts: Iterable[bytes]) -> str:
    """Name a combination of parts."""
    # Length-delimited: `/x?q=1` and `/xq=1` are two entries.
    state = hashlib.blake2b(digest_size=20)
    for part in parts:
        state.update(len(part).to_bytes(4, "big"))
        state.update(part)
    return state.hexdigest()
