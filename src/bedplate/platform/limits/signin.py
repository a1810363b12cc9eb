from collections.abc import Sequence

from bedplate.platform.limits.book import RuleBook
from bedplate.platform.limits.limiter import Limiter
from bedplate.platform.limits.policy import HOUR, MINUTE, Policy
from bedplate.platform.limits.rule import Charge
from bedplate.platform.limits.subjects import value_subject

FAILURES = Policy(name="sign-in", quota=20, window=15 * MINUTE, subject="value")
"""Failed sign-ins of an account from a client, or from a device it knows."""

FAILURES_OF_ACCOUNT = Policy(name="sign-in-account", quota=100, window=HOUR, subject="value")
"""Failed sign-ins of an account from clients it does not know, all together."""

FAILURES_OF_NETWORK = Policy(name="sign-in-network", quota=300, window=15 * MINUTE, subject="address")
"""Failed sign-ins from an address, whatever the account."""

POLICIES = (FAILURES, FAILURES_OF_ACCOUNT, FAILURES_OF_NETWORK)


class Attempt:
    """A sign-in under way: it counts as failed until it is told to have succeeded."""

    def __init__(self, limiter: Limiter, charges: Sequence[Charge]) -> None:
        self._limiter = limiter
        self._charges = charges

    async def succeeded(self) -> None:
        """Undo its count, and forget the failures of this account from this client."""
        if not self._charges:
            return
        if self._charges[0].rule.name == FAILURES.name:
            await self._limiter.forget(self._charges[0])
        await self._limiter.give_back([c for c in self._charges if c.rule.name != FAILURES.name])

    async def withdraw(self) -> None:
        """Undo its count: whether it would have failed was never looked at."""
        if self._charges:
            await self._limiter.give_back(self._charges)


class SignInGuard:
    """Back-off of failed sign-ins (ASVS 5.0 V6.3.1), exact for parallel guesses: each pays before it is checked.

    An attack from elsewhere never stops the owner on a device the account knows: that has an allowance of
    its own, and the account's and the network's do not hold it back.
    """

    def __init__(self, limiter: Limiter, book: RuleBook, *, enabled: bool = True) -> None:
        self._limiter = limiter
        self._rules = {policy.name: book.rule(policy) if enabled else None for policy in POLICIES}

    async def begin(self, account: str, network: str, *, device: str | None = None) -> Attempt:
        """Count an attempt; `account` is the address given, known or not, `device` one that the account knows.

        Raises:
            TooManyRequests: too many failed; alike for accounts that do not exist.
            Unavailable: the store is away, and a policy was set to fail closed.
        """
        charges = [*self._known(account, device)] if device else [*self._unknown(account, network)]
        if charges:
            decision = await self._limiter.acquire(charges)
            if not decision.allowed:
                raise decision.refusal()
        return Attempt(self._limiter, charges)

    def _known(self, account: str, device: str) -> list[Charge]:
        return self._charges({FAILURES.name: f"{account}\n{device}"})

    def _unknown(self, account: str, network: str) -> list[Charge]:
        client = f"{account}\nip:{network}"
        found = self._charges({FAILURES.name: client, FAILURES_OF_ACCOUNT.name: account})
        rule = self._rules[FAILURES_OF_NETWORK.name]
        return [*found, Charge(rule, f"ip:{network}")] if rule else found

    def _charges(self, values: dict[str, str]) -> list[Charge]:
        return [
            Charge(rule, value_subject(value))
            for name, value in values.items()
            if (rule := self._rules[name])
        ]
