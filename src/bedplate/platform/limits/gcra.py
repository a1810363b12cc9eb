"""The generic cell rate algorithm: an allowance is one moment, at which all that was spent is restored."""

import math

EPSILON = 0.01
"""Part of an interval by which rounding may not cost a request, nor grant one."""


def free_of(debt: float, interval: float, burst: int) -> int:
    """How many an allowance holds whose debt is paid in so many seconds."""
    return math.floor(burst - debt / interval + EPSILON)


def wait_for(cost: int, debt: float, interval: float, burst: int) -> float:
    """Seconds until the cost is free; 0 where it is."""
    return max(0.0, debt - (burst - cost) * interval - interval * EPSILON)
