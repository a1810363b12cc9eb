from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec
from litestar import Request
from litestar.types import Scope

SECOND, MINUTE, HOUR, DAY = 1.0, 60.0, 3600.0, 86_400.0

type Subject = Literal["caller", "address", "team", "credential", "value"]
type Cost = int | Callable[[Scope], int]
type Value = Callable[[Request[Any, Any, Any]], Awaitable[str | None]]
type Tiers = Mapping[str, tuple[int, float]]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """At most `quota` requests in `window` seconds, counted by GCRA for each subject.

    `name` is what settings, headers and metrics call it; routes that name the same policy share its
    allowance, and an unnamed one belongs to its route alone. `subject`: the `caller` (anonymous: his address),
    the client's `address` (IPv6 by /64), the caller's `team`, his `credential` (session or API key), or a
    `value` of the request. `burst` is what an idle subject may spend at once, the quota unless said.
    `lease` is how many a process may withdraw at once and spend without a trip: for high rates, never over
    the limit. `fail_closed` answers 503 while the store is away. `tiers` give other quotas:
    `role:admin`, `team:<id>`, `key:<id>` or `user:<id>` to (quota, window).
    """

    name: str = ""
    quota: int
    window: float
    subject: Subject = "caller"
    burst: int | None = None
    cost: Cost = 1
    lease: int = 0
    fail_closed: bool = False
    tiers: Tiers = {}
    value: Value | None = None

    def costing(self, cost: Cost) -> "Policy":
        """Return the same policy, shared allowance included, for a route that weighs more or less."""
        return msgspec.structs.replace(self, cost=cost)


def per_user(
    quota: int,
    window: float,
    *,
    name: str = "",
    burst: int | None = None,
    cost: Cost = 1,
    lease: int = 0,
    fail_closed: bool = False,
    tiers: Tiers | None = None,
) -> Policy:
    """Limit each caller; an anonymous one by his address."""
    return Policy(
        name=name,
        quota=quota,
        window=window,
        burst=burst,
        cost=cost,
        lease=lease,
        fail_closed=fail_closed,
        tiers=tiers or {},
    )


def per_ip(
    quota: int,
    window: float,
    *,
    name: str = "",
    burst: int | None = None,
    cost: Cost = 1,
    lease: int = 0,
    fail_closed: bool = False,
) -> Policy:
    """Limit each client address, IPv6 by /64."""
    return Policy(
        name=name,
        quota=quota,
        window=window,
        subject="address",
        burst=burst,
        cost=cost,
        lease=lease,
        fail_closed=fail_closed,
    )


def per_account(
    quota: int, window: float, value: Value, *, name: str = "", burst: int | None = None
) -> Policy:
    """Limit each value of a request, such as the address a reset is asked for; without one it does not apply."""
    return Policy(name=name, quota=quota, window=window, subject="value", value=value, burst=burst)


def body_field(name: str) -> Value:
    """Read a string out of a JSON body, whatever else stands there; the handler validates it later."""

    async def read(request: Request[Any, Any, Any]) -> str | None:
        try:
            found = msgspec.json.decode(await request.body(), type=dict[str, object])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        value = found.get(name)
        return value.strip().lower() if isinstance(value, str) and value.strip() else None

    return read
