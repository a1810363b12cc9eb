import re
from collections.abc import Collection, Mapping, Sequence

import msgspec

from bedplate.platform.limits.policy import Policy
from bedplate.platform.limits.rule import Rule

NAME = re.compile(r"[a-z0-9_-]{1,64}")
OVERRIDE = re.compile(
    r"(?P<name>[a-z0-9_-]{1,64})(?:@(?P<tier>(?:role|team|key|user):[\w-]+))?="
    r"(?:(?P<off>off)|(?P<quota>\d+)/(?P<window>\d+(?:\.\d+)?))(?P<words>(?: +[a-z]+(?:-[a-z]+)?(?::\d+)?)*)"
)


class LimitsError(ValueError):
    """A policy or an override is wrong; the message says which and why."""


class Override(msgspec.Struct, frozen=True):
    """What the settings say about a policy, or about one of its tiers; quota None: off."""

    quota: int | None = None
    window: float = 0.0
    burst: int | None = None
    lease: int | None = None
    fail_closed: bool | None = None


def parse_overrides(texts: Sequence[str]) -> Mapping[tuple[str, str], Override]:
    """Read `name[@tier]=quota/seconds [burst:n] [lease:n] [fail-closed|fail-open]`, by name and tier.

    Raises:
        LimitsError: a text is not of this form.
    """
    found: dict[tuple[str, str], Override] = {}
    for text in texts:
        match = OVERRIDE.fullmatch(text.strip())
        if match is None:
            raise LimitsError(f"BEDPLATE_LIMITS_OVERRIDES: {text!r} is not `name=quota/seconds`")
        words = _words(match["words"])
        if unknown := set(words) - {"burst", "lease", "fail-closed", "fail-open"}:
            raise LimitsError(f"BEDPLATE_LIMITS_OVERRIDES: {text!r}: what is {min(unknown)!r}?")
        if match["off"] is None and not (int(match["quota"]) and float(match["window"])):
            raise LimitsError(f"BEDPLATE_LIMITS_OVERRIDES: {text!r}: quota and seconds must be above 0")
        found[match["name"], match["tier"] or ""] = Override(
            quota=None if match["off"] else int(match["quota"]),
            window=0.0 if match["off"] else float(match["window"]),
            burst=int(words["burst"]) if words.get("burst") else None,
            lease=int(words["lease"]) if words.get("lease") else None,
            fail_closed="fail-closed" in words if words.keys() & {"fail-closed", "fail-open"} else None,
        )
    return found


def _words(text: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for word in text.split():
        name, _, value = word.partition(":")
        words[name] = value
    return words


class RuleBook:
    """Every policy as it is enforced here."""

    def __init__(self, overrides: Sequence[str], prefix: str) -> None:
        self._overrides = parse_overrides(overrides)
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
