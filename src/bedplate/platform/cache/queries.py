from collections.abc import Awaitable, Callable
from typing import Any, Concatenate

import msgspec

from bedplate.platform.cache.assembly import Cache
from bedplate.platform.cache.core import Made
from bedplate.platform.cache.declare import Times
from bedplate.platform.cache.metrics import REQUESTS, RESULTS
from bedplate.platform.cache.plan import digest
from bedplate.platform.cache.store import Slot

type Query[Source, R] = Callable[Concatenate[Source, ...], Awaitable[R]]


class CachedQuery[Source, R]:
    """A query whose results are kept; call it as `await query(cache, source, **parameters)`.

    `source` (a pool, a session) is no part of the key, each parameter is.
    """

    def __init__(
        self, query: Query[Source, R], kind: Any, name: str, times: Times, tags: tuple[str, ...]
    ) -> None:
        self._query = query
        self._decoder: msgspec.msgpack.Decoder[R] = msgspec.msgpack.Decoder(kind)
        self._name = name
        self._times = times
        self._tags = tags
        self._results = {result: REQUESTS(f"query:{name}", result).inc for result in RESULTS}

    async def __call__(self, cache: Cache, source: Source, **parameters: object) -> R:
        made: list[R] = []

        async def make() -> Made:
            made.append(await self._query(source, **parameters))
            return Made(msgspec.msgpack.encode(made[0]))

        if not cache.enabled:
            self._results["bypass"]()
            return await self._query(source, **parameters)
        key = msgspec.json.encode(parameters, order="deterministic")
        tags = tuple(tag.format_map(parameters) for tag in self._tags)
        slot = Slot(digest((b"query", self._name.encode(), key)), tags)
        got = await cache.entries.get(slot, self._times, make)
        self._results[got.result]()
        if made:
            return made[0]
        return self._decoder.decode(got.value) if got.value else await self._query(source, **parameters)


def cached_query[Source, R](
    ttl: float, *, result: type[R], tags: tuple[str, ...], name: str = "", swr: float = 0.0
) -> Callable[[Query[Source, R]], CachedQuery[Source, R]]:
    """Keep a query's results for `ttl` seconds, by its parameters; tags take them in braces.

    Who may see a result must be among the parameters, or checked before.
    """

    def wrap(query: Query[Source, R]) -> CachedQuery[Source, R]:
        told = name or getattr(query, "__qualname__", "query")
        return CachedQuery(query, result, told, Times(ttl, swr), tags)

    return wrap
