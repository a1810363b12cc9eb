from typing import Literal

import msgspec

OPT = "cached"


class Cached(msgspec.Struct, frozen=True):
    """Keep a GET's answer for `ttl` seconds; put on a handler as `cached=Cached(60, scope="user", tags=…)`.

    `scope` must be said: `public` is one answer for all, `team` one for the caller's team, `user` one for each
    caller; a caller without a team is kept apart, and so are those whose roles differ. `tags` name what the answer
    is made from, with path parameters and `{user_id}` in braces; `invalidate(session, "plan:…")` ends every entry that bears the tag.
    `vary` are request headers the answer depends on. `swr` seconds after its end an answer is still served
    while it is made anew, `stale_if_error` seconds when that fails (RFC 5861). Clients revalidate each time by
    ETag unless `client_ttl` lets them keep it, past any invalidation.
    """

    ttl: float
    scope: Literal["public", "team", "user"]
    tags: tuple[str, ...] = ()
    vary: tuple[str, ...] = ()
    swr: float = 0.0
    stale_if_error: float = 0.0
    client_ttl: int = 0

    @property
    def times(self) -> "Times":
        return Times(self.ttl, self.swr, self.stale_if_error)

    def cache_control(self) -> str:
        """What clients and shared caches may do (RFC 9111 section 5.2.2)."""
        audience = "public" if self.scope == "public" else "private"
        if not self.client_ttl:
            return f"{audience}, no-cache"
        later = f", stale-while-revalidate={int(self.swr)}" if self.swr else ""
        failed = f", stale-if-error={int(self.stale_if_error)}" if self.stale_if_error else ""
        return f"{audience}, max-age={self.client_ttl}{later}{failed}"


class Times(msgspec.Struct, frozen=True):
    """Seconds an entry is fresh, then served while renewed, then served when renewal fails."""

    ttl: float
    swr: float = 0.0
    stale_if_error: float = 0.0

    @property
    def kept(self) -> float:
        return self.ttl + max(self.swr, self.stale_if_error)
