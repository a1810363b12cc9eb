"""Whose quota counts: the most particular tier a caller is in."""

from typing import Any
from uuid import UUID, uuid5

import pytest

from bedplate.platform.auth.caller import Caller
from bedplate.platform.limits import READ, Policy
from bedplate.platform.limits.book import RuleBook
from bedplate.platform.limits.operate import allowances
from bedplate.platform.limits.plan import RoutePlan
from bedplate.platform.limits.rule import Charge

from .conftest import limits_on

USER, TEAM, KEY, OTHER = (uuid5(UUID(int=0), name) for name in ("user", "team", "key", "other"))
POLICY = Policy(name="read", quota=1, window=60, tiers={"role:admin": (5, 60), "role:support": (4, 60)})
SETTINGS = (
    f"read@key:{KEY}=2/60",
    f"read@team:{TEAM}=3/60",
    f"read@user:{OTHER}=6/60",
    "read@role:support=off",
)


def burst_of(**caller: Any) -> int | None:
    plan = RoutePlan([POLICY], RuleBook(SETTINGS, "p"))
    scope: Any = {"user": Caller(**caller), "client": ("192.0.2.1", 1), "state": {}, "headers": []}
    charges = plan.charges(scope)
    return charges[0].rule.burst if charges else None


@pytest.mark.parametrize(
    ("caller", "burst"),
    [
        ({"user_id": USER}, 1),
        ({"user_id": USER, "team_id": OTHER}, 1),
        ({"user_id": USER, "roles": frozenset({"admin"})}, 5),
        ({"user_id": USER, "team_id": TEAM, "roles": frozenset({"admin"})}, 3),
        ({"user_id": OTHER, "team_id": TEAM}, 6),
        ({"user_id": OTHER, "team_id": TEAM, "key_id": KEY, "kind": "api_key"}, 2),
        ({"user_id": USER, "key_id": OTHER, "kind": "api_key"}, 1),
        ({"user_id": USER, "roles": frozenset({"support"})}, None),
    ],
)
def test_the_most_particular_tier_counts(caller: dict[str, Any], burst: int | None) -> None:
    assert burst_of(**caller) == burst


def test_nobody_has_no_tier() -> None:
    plan = RoutePlan([POLICY], RuleBook(SETTINGS, "p"))
    scope: Any = {"user": None, "client": ("192.0.2.1", 1), "state": {}, "headers": []}
    assert plan.charges(scope)[0].rule.burst == 1


def test_each_tier_has_an_allowance_apart() -> None:
    # Else ten requests of a slow key would cost its owner a minute of his own.
    plan = RoutePlan([Policy(name="read", quota=600, window=60)], RuleBook(SETTINGS, "p"))

    def key_of(**caller: Any) -> str:
        scope: Any = {"user": Caller(user_id=USER, **caller), "client": None, "state": {}, "headers": []}
        return plan.charges(scope)[0].key

    keys = {key_of(), key_of(team_id=TEAM), key_of(team_id=TEAM, key_id=KEY, kind="api_key")}
    assert len(keys) == 3
    assert key_of(key_id=OTHER, kind="api_key") == key_of()


@pytest.mark.parametrize("kept_in", ["redis", "memory"])
async def test_an_operator_sees_each_tier_by_its_own_quota(kept_in: Any, redis: Any) -> None:
    limits = limits_on(redis, f"read@key:{KEY}=10/60", store=kept_in)
    rule = limits.book.rule(READ, f"key:{KEY}")
    assert rule is not None
    await limits.limiter.acquire([Charge(rule, USER, 4)])
    (seen,) = await allowances(limits.store, limits.book, f"user:{USER}")
    assert (seen.policy, seen.free, seen.burst) == (f"read@key:{KEY}", 6, 10)
    assert await limits.store.forget(f"user:{USER}") == 1
