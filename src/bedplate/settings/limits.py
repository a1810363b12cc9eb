from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class LimitsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Rate limits."""

    enabled: Annotated[bool, Meta(description="Whether requests are limited at all.")] = True
    store: Annotated[
        Literal["redis", "memory"],
        Meta(description="Where allowances are kept; memory serves a single process."),
    ] = "redis"
    quotas: Annotated[
        Literal["auto", "strict", "wide"],
        Meta(
            description="Default quotas: strict (a person's), wide (a load test's); auto: strict in production."
        ),
    ] = "auto"
    overrides: Annotated[
        tuple[str, ...],
        Meta(
            description="Policies by name, comma-separated: `read=600/60` (quota/seconds), with words after it: "
            "`burst:100`, `lease:20`, `fail-closed`, `fail-open`; or `read=off`; a tier by "
            "`read@role:admin=6000/60`, also `team:`, `key:` and `user:` with an id."
        ),
    ] = ()
    processes: Annotated[
        int,
        Meta(
            ge=0,
            description="API processes that share a limit while Redis is away; 0: as many as were last seen.",
        ),
    ] = 0
    patience: Annotated[
        float, Meta(gt=0, le=10, description="Seconds to wait for the store before the limit is local.")
    ] = 0.25
    breaker_failures: Annotated[
        int, Meta(ge=1, description="Failed calls in a row after which the store is left alone.")
    ] = 3
    breaker_pause: Annotated[float, Meta(gt=0, description="Seconds until the store is tried again.")] = 1.0
    remember: Annotated[
        float,
        Meta(ge=0, description="Seconds at most for which a refusal is repeated without asking the store."),
    ] = 2.0
