import datetime as dt

import msgspec


class Closed(msgspec.Struct, frozen=True):
    """When a closed account is erased; until then the mailed link brings it back."""

    erase_at: dt.datetime
