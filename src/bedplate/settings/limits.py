from typing import Annotated

import msgspec
from msgspec import Meta


class LimitsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Rate limits."""

    enabled: Annotated[bool, Meta(description="Whether requests are limited at all.")] = True
