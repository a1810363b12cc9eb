"""What an operator does with limits: look at a subject's allowances, and make them whole."""

from collections.abc import Mapping

import msgspec

from bedplate.platform.http.client_address import network_of_address
from bedplate.platform.limits.book import RuleBook
from bedplate.platform.limits.defaults import NAMED
from bedplate.platform.limits.gcra import free_of
from bedplate.platform.limits.signin import POLICIES
from bedplate.platform.limits.store import LimitStore
from bedplate.platform.limits.subjects import value_subject

KINDS = ("user", "ip", "team", "credential", "value")


class Allowance(msgspec.Struct, frozen=True):
    """A policy's allowance for a subject; `free` and `burst` are None where the policy is not known here."""

    policy: str
    restored_in: float
    free: int | None = None
    burst: int | None = None


def subject_from(key: str) -> str:
    """Read `user:<id>`, `ip:<address>`, `team:<id>`, `credential:<id>` or `value:<text>`.

    Raises:
        ValueError: it is none of these.
    """
    kind, _, name = key.partition(":")
    if kind not in KINDS or not name:
        raise ValueError(f"{key!r} is none of {', '.join(f'{kind}:…' for kind in KINDS)}")
    if kind == "value":
        return value_subject(name.lower())
    return f"ip:{network_of_address(name)}" if kind == "ip" else key


async def allowances(store: LimitStore, book: RuleBook, subject: str) -> list[Allowance]:
    """What a subject has spent, policy by policy; tiers apart."""
    known = {policy.name: policy for policy in (*NAMED.values(), *POLICIES)}
    spent: Mapping[str, float] = await store.spent(subject)
    found: list[Allowance] = []
    for name, seconds in sorted(spent.items()):
        base, _, tier = name.partition("@")
        policy = known.get(base)
        rule = book.rule(policy, tier) if policy and (not tier or tier in book.tiers(policy)) else None
        if rule is None:
            found.append(Allowance(name, seconds))
        else:
            free = max(0, free_of(seconds, rule.interval, rule.burst))
            found.append(Allowance(name, seconds, free, rule.burst))
    return found
