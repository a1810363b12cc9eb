from typing import Any

import msgspec
import pytest

from bedplate.app import create_app
from bedplate.platform.limits import READ, SIGN_UP, Limits, LimitsError, Policy, per_user
from bedplate.platform.limits.book import RuleBook
from bedplate.platform.limits.defaults import NAMED
from bedplate.settings import Settings
from bedplate.settings.limits import LimitsSettings

POLICY = per_user(600, 60, name="read", lease=60, tiers={"role:admin": (6000, 60)})


def test_settings_override_any_policy_by_its_name() -> None:
    rule = RuleBook(["read=10/1 burst:30 lease:5 fail-closed"], "p").rule(POLICY)
    assert rule is not None
    assert (rule.interval, rule.burst, rule.lease, rule.fail_closed) == (0.1, 30, 5, True)


def test_a_lease_shrinks_with_its_quota() -> None:
    rule = RuleBook(["read=100/3600"], "p").rule(POLICY)
    assert rule is not None
    assert (rule.burst, rule.lease) == (100, 10)


def test_a_policy_is_switched_off() -> None:
    assert RuleBook(["read=off"], "p").rule(POLICY) is None


def test_tiers_come_from_code_and_settings() -> None:
    book = RuleBook(["read@key:abc=5/60"], "p")
    assert book.tiers(POLICY) == ("key:abc", "role:admin")
    admin, key = book.rule(POLICY, "role:admin"), book.rule(POLICY, "key:abc")
    assert admin is not None
    assert key is not None
    assert (admin.burst, key.burst) == (6000, 5)


def test_a_tier_fails_as_its_policy_does() -> None:
    book = RuleBook(["read=600/60 fail-closed", "read@key:abc=5/60", "read@key:def=5/60 fail-open"], "p")
    rules = [book.rule(POLICY, tier) for tier in ("role:admin", "key:abc", "key:def")]
    assert [rule.fail_closed for rule in rules if rule] == [True, True, False]


@pytest.mark.parametrize(
    ("quotas", "production", "strict"),
    [("auto", False, False), ("auto", True, True), ("wide", True, False), ("strict", False, True)],
)
def test_production_has_quotas_of_its_own(quotas: Any, production: bool, strict: bool) -> None:  # noqa: FBT001
    settings = LimitsSettings(quotas=quotas, store="memory", overrides=("write=7/60",))
    book = Limits(settings, None, prefix="p", production=production).book  # type: ignore[arg-type]
    found = {policy.name: rule.burst for policy in NAMED.values() if (rule := book.rule(policy))}
    assert found["read"] == (1800 if strict else READ.quota)
    assert found["sign-up"] == (30 if strict else SIGN_UP.quota)
    # What an operator says counts before either.
    assert found["write"] == 7


@pytest.mark.parametrize("text", ["read", "read=1", "read=0/60", "read=1/0", "Read=1/1", "read=1/1 loud"])
def test_a_wrong_override_is_refused(text: str) -> None:
    with pytest.raises(LimitsError, match="BEDPLATE_LIMITS_OVERRIDES"):
        RuleBook([text], "p")


def test_two_policies_of_one_name_are_refused() -> None:
    book = RuleBook([], "p")
    book.rule(POLICY)
    book.rule(POLICY.costing(5))
    with pytest.raises(LimitsError, match="differ"):
        book.rule(Policy(name="read", quota=1, window=1))


def test_an_override_that_holds_for_nothing_is_refused() -> None:
    for text, why in (
        ("raed=1/60", "no policy is called 'raed'"),
        ("sign-up@role:admin=1/60", "'sign-up' knows no caller"),
    ):
        book = RuleBook(["read=5/60", "import=5/60", text], "p")
        book.rule(POLICY)
        book.rule(SIGN_UP)
        with pytest.raises(LimitsError, match=why):
            book.refuse_unknown(NAMED)


async def test_a_policy_misspelt_in_the_settings_keeps_the_app_from_starting(settings: Settings) -> None:
    told = LimitsSettings(overrides=("sign-in=5/60", "read@role:admin=9/60", "raed=1/60"), store="memory")
    app = create_app(msgspec.structs.replace(settings, limits=told))
    with pytest.raises(LimitsError, match="no policy is called 'raed'"):
        async with app.state.limits.lifespan(app):
            pass
