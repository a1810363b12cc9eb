import time
from collections.abc import Sequence

from litestar.stores.memory import MemoryStore

from bedplate.platform.limits.gcra import free_of, wait_for
from bedplate.platform.limits.rule import Charge
from bedplate.platform.limits.store import Taken

SWEEP_AT = 50_000


class MemoryLimitStore(MemoryStore):
    """Allowances of one process: the twin of the Redis store, and what it falls back to.

    `shares` divides every rule by the number of processes that do the same. Nothing is leased: there is
    no trip to save.
    """

    __slots__ = ("_whole_at", "shares")

    def __init__(self) -> None:
        super().__init__()
        self._whole_at: dict[str, float] = {}
        self.shares = 1

    async def take(self, charges: Sequence[Charge]) -> list[Taken]:
        return self.take_now(charges)

    def take_now(self, charges: Sequence[Charge]) -> list[Taken]:
        """Withdraw all charges or none."""
        now = time.monotonic()
        answers = [self._look(charge, now) for charge in charges]
        if any(answer.retry for answer in answers):
            return answers
        if len(self._whole_at) > SWEEP_AT:
            self._whole_at = {key: at for key, at in self._whole_at.items() if at > now}
        for charge, answer in zip(charges, answers, strict=True):
            interval, burst = self._rate(charge)
            answer.granted = min(charge.cost, burst)
            answer.free -= answer.granted
            answer.reset += answer.granted * interval
            self._whole_at[charge.key] = now + answer.reset
        return answers

    def note(self, key: str, whole_at: float) -> None:
        """Take over what the shared store told last: in its absence the debt goes on from there."""
        if len(self._whole_at) > SWEEP_AT:
            self._whole_at.clear()
        self._whole_at[key] = whole_at

    async def give_back(self, charges: Sequence[Charge]) -> None:
        for charge in charges:
            if charge.key in self._whole_at:
                self._whole_at[charge.key] -= charge.cost * self._rate(charge)[0]

    async def forget_one(self, charge: Charge) -> None:
        self._whole_at.pop(charge.key, None)

    async def spent(self, subject: str) -> dict[str, float]:
        now = time.monotonic()
        return {
            key.rpartition("}:")[2]: max(0.0, at - now)
            for key, at in self._whole_at.items()
            if f":limit:{{{subject}}}:" in key
        }

    async def forget(self, subject: str) -> int:
        keys = [key for key in self._whole_at if f":limit:{{{subject}}}:" in key]
        for key in keys:
            del self._whole_at[key]
        return len(keys)

    def _rate(self, charge: Charge) -> tuple[float, int]:
        rule, shares = charge.rule, self.shares
        return rule.interval * shares, -(-rule.burst // shares)

    def _look(self, charge: Charge, now: float) -> Taken:
        interval, burst = self._rate(charge)
        debt = max(0.0, self._whole_at.get(charge.key, 0.0) - now)
        free, cost = free_of(debt, interval, burst), min(charge.cost, burst)
        retry = wait_for(cost, debt, interval, burst) if free < cost else 0.0
        return Taken(0, max(0, free), debt, retry)
