from typing import Annotated

import msgspec
from msgspec import Meta


class CacheSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Cached answers and query results."""

    enabled: Annotated[bool, Meta(description="Whether answers are cached at all.")] = True
