import math

from bedplate.platform.errors import Failure, Unavailable
from bedplate.platform.limits.rule import Rule

type Part = tuple[Rule, int, float]
"""A rule, how many are free under it, and the seconds until all are; of one that refused, until the request may pass."""


class TooManyRequests(Failure):
    """RFC 6585 section 4."""

    status, code, title = 429, "quota_exceeded", "A request limit is reached"
    type = "https://iana.org/assignments/http-problem-types#quota-exceeded"


class Decision:
    """Whether a request may pass; the state of each allowance it spends, or of the one that refused it."""

    __slots__ = ("allowed", "parts", "retry", "unavailable")

    def __init__(self, parts: tuple[Part, ...], *, retry: float = 0.0, unavailable: bool = False) -> None:
        self.parts = parts
        self.retry = retry
        self.unavailable = unavailable
        self.allowed = retry == 0.0 and not unavailable

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The fields of draft-ietf-httpapi-ratelimit-headers."""
        if len(self.parts) == 1:
            rule, free, reset = self.parts[0]
            state = f"{rule.quoted};r={free};t={math.ceil(reset)}".encode()
            return [(b"ratelimit-policy", rule.policy_header), (b"ratelimit", state)]
        policies = b", ".join(rule.policy_header for rule, _, _ in self.parts)
        states = ", ".join(f"{rule.quoted};r={free};t={math.ceil(reset)}" for rule, free, reset in self.parts)
        return [(b"ratelimit-policy", policies), (b"ratelimit", states.encode())] if self.parts else []

    def refusal(self) -> Failure:
        """The answer to a request that may not pass."""
        if self.unavailable:
            return Unavailable("The limit of this request cannot be checked now")
        violated = [rule.name for rule, _, _ in self.parts]
        wait = max(1, math.ceil(self.retry))
        headers = {name.decode(): value.decode() for name, value in self.headers()}
        headers["Retry-After"] = str(wait)
        return TooManyRequests(
            f"Try again in {wait} s", headers=headers, extra={"violated-policies": violated}
        )


PASSED = Decision(())
"""Nothing limits the request."""
