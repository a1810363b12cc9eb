import re
from collections.abc import Collection, Mapping, Sequence

import msgspec

from bedplate.platform.limits.policy import Policy
from bedplate.platform.limits.rule import Rule
from bedplate.settings.overrides import Override, read_overrides

NAME = re.compile(r"[a-z0-9_-]{1,64}")


class LimitsError(ValueError):
    """A policy or an override is wrong; the message says which and why."""


class RuleBook:
    """Every policy as it is enforced here."""

    def __init__(self, overrides: Sequence[str], prefix: str) -> None:
        try:
            self._overrides = read_overrides(overrides)
        except ValueError as error:
            raise LimitsError(str(error)) from error
        self._prefix = f"{prefix}:limit:"
        self._rules: dict[tuple[str, str], Rule | None] = {}
        self._policies: dict[str, Policy] = {}

    def rule(self, policy: Policy, tier: str = "") -> Rule | None:
        """Return the rule of a policy, or of one of its tiers; None where it is off.

        Raises:
            LimitsError: two policies differ and have one name, or it is none that keys can hold.
        """
        self._check(policy)
        key = (policy.name, tier)
        if key not in self._rules:
            self._rules[key] = self._make(policy, tier)
        return self._rules[key]

    def tiers(self, policy: Policy) -> tuple[str, ...]:
        """The tiers that code or settings give a policy."""
        told = (tier for name, tier in self._overrides if name == policy.name and tier)
        return tuple(dict.fromkeys((*told, *policy.tiers)))

    def refuse_unknown(self, others: Collection[str] = ()) -> None:
        """Refuse an override that holds for nothing, once every policy was met; `others` are names known besides.

        Raises:
            LimitsError: no policy is called so, or it has no tiers since it is counted before the caller is known.
        """
        names = {*self._policies, *others}
        for name, tier in self._overrides:
            if name not in names:
                known = ", ".join(sorted(names))
                raise LimitsError(
                    f"BEDPLATE_LIMITS_OVERRIDES: no policy is called {name!r}; there are {known}"
                )
            if tier and (policy := self._policies.get(name)) and policy.subject in {"address", "value"}:
                raise LimitsError(f"BEDPLATE_LIMITS_OVERRIDES: {name!r} knows no caller, so it has no tiers")

    def known(self) -> Mapping[str, Rule]:
        """The rules met so far, by name, tiers apart."""
        return {name: rule for (name, tier), rule in self._rules.items() if rule is not None and not tier}

    def _check(self, policy: Policy) -> None:
        if not NAME.fullmatch(policy.name):
            raise LimitsError(f"A policy cannot be called {policy.name!r}: use a-z, 0-9, _ and -")
        plain = msgspec.structs.replace(policy, cost=1, value=None)
        if self._policies.setdefault(policy.name, plain) != plain:
            raise LimitsError(f"Two policies called {policy.name!r} differ")

    def _make(self, policy: Policy, tier: str) -> Rule | None:
        override = self._overrides.get((policy.name, tier))
        if tier:
            # What is told of the policy holds for its tiers, as far as nothing else is told of them.
            base = self._overrides.get((policy.name, "")) or Override()
            if override is None:
                quota, window = policy.tiers[tier]
                override = Override(quota, window, lease=base.lease)
            if override.fail_closed is None:
                override = msgspec.structs.replace(override, fail_closed=base.fail_closed)
        if override is None:
            return Rule(policy, self._prefix, tier)
        if override.quota is None:
            return None
        return Rule(_overridden(policy, override, override.quota), self._prefix, tier)


def _overridden(policy: Policy, override: Override, quota: int) -> Policy:
    # A lease or burst made for another quota would not fit: what is not said follows from the quota.
    fits = min(policy.lease, quota * policy.lease // policy.quota)
    return msgspec.structs.replace(
        policy,
        quota=quota,
        window=override.window,
        burst=override.burst,
        lease=fits if override.lease is None else override.lease,
        fail_closed=policy.fail_closed if override.fail_closed is None else override.fail_closed,
    )
