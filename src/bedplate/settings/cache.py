from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class CacheSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Cached answers and query results."""

    enabled: Annotated[bool, Meta(description="Whether answers are cached at all.")] = True
    store: Annotated[
        Literal["redis", "memory"],
        Meta(description="Where entries are kept; memory serves a single process."),
    ] = "redis"
    tier: Annotated[
        int, Meta(ge=0, description="Bytes a process keeps by itself, told of changes by push; 0: none.")
    ] = 33_554_432
    max_entry: Annotated[int, Meta(ge=1024, description="Bytes up to which an answer is kept.")] = 1_048_576
    lease: Annotated[
        float, Meta(gt=0, description="Seconds one process may take to make an entry before another does.")
    ] = 10.0
    max_wait: Annotated[
        float, Meta(gt=0, description="Seconds to wait for an entry that another process makes.")
    ] = 10.0
    patience: Annotated[
        float, Meta(gt=0, le=10, description="Seconds to wait for the store before going on without.")
    ] = 0.25
