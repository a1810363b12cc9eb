import math
from uuid import UUID

from bedplate.platform.limits.metrics import DECISIONS
from bedplate.platform.limits.policy import Policy

MICRO = 1_000_000

type SubjectKey = UUID | str


class Rule:
    """A policy as it is enforced: overridden, of one tier, its strings made once.

    A tier has an allowance apart: whoever is in several, by his key and without it, spends none of one in another.
    """

    __slots__ = (
        "allowed",
        "arguments",
        "burst",
        "denied",
        "fail_closed",
        "interval",
        "lease",
        "local",
        "name",
        "place",
        "policy_header",
        "prefix",
        "quoted",
        "remembered",
        "window",
    )

    def __init__(self, policy: Policy, prefix: str, tier: str = "") -> None:
        self.name = policy.name
        self.place = f"{policy.name}@{tier}" if tier else policy.name
        self.interval = policy.window / policy.quota
        self.burst = policy.burst or policy.quota
        self.window = policy.window
        self.lease = policy.lease
        self.fail_closed = policy.fail_closed
        self.prefix = prefix
        self.quoted = f'"{policy.name}"'
        self.policy_header = f"{self.quoted};q={policy.quota};w={math.ceil(policy.window)}".encode()
        self.arguments = (repr(self.interval * MICRO), self.burst)
        self.allowed = DECISIONS(policy.name, "allowed").inc
        self.denied = DECISIONS(policy.name, "denied").inc
        self.remembered = DECISIONS(policy.name, "remembered").inc
        self.local = DECISIONS(policy.name, "local").inc

    def key(self, subject: SubjectKey) -> str:
        """Name the allowance of a subject in the store; the hash tag holds his keys in one slot."""
        kind = "user:" if isinstance(subject, UUID) else ""
        return f"{self.prefix}{{{kind}{subject}}}:{self.place}"


class Charge:
    """What one request spends of one allowance."""

    __slots__ = ("cost", "rule", "subject")

    def __init__(self, rule: Rule, subject: SubjectKey, cost: int = 1) -> None:
        self.rule = rule
        self.subject = subject
        self.cost = min(cost, rule.burst)

    @property
    def key(self) -> str:
        return self.rule.key(self.subject)
