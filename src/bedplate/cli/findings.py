from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it is, and what to do about it."""

    what: str
    state: Literal["ok", "warning", "fault"]
    says: str
    remedy: str = ""
