"""Cached answers and query results: scoped, tagged, made once, never served after an invalidation."""

from bedplate.platform.cache.assembly import Cache
from bedplate.platform.cache.declare import Cached
from bedplate.platform.cache.invalidation import invalidate
from bedplate.platform.cache.middleware import cache_layer
from bedplate.platform.cache.queries import CachedQuery, cached_query

__all__ = ["Cache", "Cached", "CachedQuery", "cache_layer", "cached_query", "invalidate"]
