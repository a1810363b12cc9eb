"""Rate limits: declared on a route, exact over all processes, local while Redis is away."""

from bedplate.platform.limits.assembly import Limits
from bedplate.platform.limits.book import LimitsError
from bedplate.platform.limits.decision import Decision, TooManyRequests
from bedplate.platform.limits.defaults import IMPORT, READ, SIGN_UP, WRITE
from bedplate.platform.limits.limiter import Limiter
from bedplate.platform.limits.middleware import limit_layer
from bedplate.platform.limits.policy import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Policy,
    body_field,
    per_account,
    per_ip,
    per_user,
)
from bedplate.platform.limits.signin import Attempt, SignInGuard

__all__ = [
    "DAY",
    "HOUR",
    "IMPORT",
    "MINUTE",
    "READ",
    "SECOND",
    "SIGN_UP",
    "WRITE",
    "Attempt",
    "Decision",
    "Limiter",
    "Limits",
    "LimitsError",
    "Policy",
    "SignInGuard",
    "TooManyRequests",
    "body_field",
    "limit_layer",
    "per_account",
    "per_ip",
    "per_user",
]
