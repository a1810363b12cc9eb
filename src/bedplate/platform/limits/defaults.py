"""The limits of a route that declares none, by its class. Settings override each by its name.

Written here are the wide ones: they let one caller saturate a process, so that a load test at one's desk measures
the service. `STRICT` are those of production.
"""

from bedplate.platform.auth.access import OPT as ACCESS
from bedplate.platform.limits.policy import MINUTE, Policy, per_ip, per_user

ADDRESS = per_ip(3_000_000, MINUTE, name="address", lease=100_000)
"""Every request of a client address, before routing; those that find no route too."""

READ = per_user(1_000_000, MINUTE, name="read", lease=50_000)
WRITE = per_user(240_000, MINUTE, name="write", lease=10_000)
AUTH = per_ip(12_000, MINUTE, name="auth", lease=500)
"""Anonymous writes: sign-in, renewal, recovery. Failures count apart, see `SignInGuard`."""

SIGN_UP = per_ip(1_200, MINUTE, name="sign-up")
IMPORT = per_user(600, MINUTE, name="import")
"""Uploads that start long work; exact, a trip each."""

STRICT = (
    "address=6000/60",
    "read=1800/60",
    "write=600/60",
    "auth=300/60 lease:0",
    "sign-up=30/3600",
    "import=30/60",
)
"""What a person with a busy client needs, a crowd behind one address, and no more."""

NAMED = {policy.name: policy for policy in (ADDRESS, READ, WRITE, AUTH, SIGN_UP, IMPORT)}
OPT = "limits"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def limits_of(opt: dict[str, object], methods: frozenset[str] | set[str]) -> tuple[Policy, ...]:
    """What a route declares, or the default of its class."""
    declared = opt.get(OPT)
    if declared is not None:
        return tuple(declared)  # type: ignore[arg-type] - whatever iterable a route gives
    if methods <= SAFE:
        return (READ,)
    anonymous = getattr(opt.get(ACCESS), "anonymous", False)
    return (AUTH,) if anonymous else (WRITE,)
