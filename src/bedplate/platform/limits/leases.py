from bedplate.platform.limits.rule import Charge, Rule, SubjectKey

KEPT = 20_000


class Lease:
    """What a process withdrew in advance.

    It dwindles as the store forgets that it was spent: at any moment all that processes hold, and all that
    the store would still grant, add up to no more than the burst.
    """

    __slots__ = ("free", "left", "whole_at")

    def __init__(self, left: int, free: int, whole_at: float) -> None:
        self.left = left
        self.free = free
        self.whole_at = whole_at


class Leases:
    """Leases and refusals that a process remembers, by rule and subject."""

    def __init__(self, remember: float) -> None:
        self._remember = remember
        self._leases: dict[tuple[Rule, SubjectKey], Lease] = {}
        self._refused: dict[tuple[Rule, SubjectKey], tuple[float, float, int]] = {}

    def spend(self, charge: Charge, now: float) -> Lease | None:
        """Spend from the lease; None where there is none, or too little."""
        lease = self._leases.get((charge.rule, charge.subject))
        if lease is None:
            return None
        usable = (lease.whole_at - now) / charge.rule.interval
        if usable < lease.left:
            lease.left = max(0, int(usable))
        if lease.left < charge.cost:
            return None
        lease.left -= charge.cost
        return lease

    def put_back(self, charge: Charge) -> bool:
        """Undo `spend`; false where the lease is gone."""
        lease = self._leases.get((charge.rule, charge.subject))
        if lease is None:
            return False
        lease.left += charge.cost
        return True

    def keep(self, charge: Charge, left: int, free: int, whole_at: float, now: float) -> None:
        """Keep what was withdrawn beyond the charge, with what is left of the lease before."""
        known = self._leases.get((charge.rule, charge.subject))
        if known is None:
            _bound(self._leases)
        else:
            left += min(known.left, max(0, int((known.whole_at - now) / charge.rule.interval)))
        self._leases[charge.rule, charge.subject] = Lease(left, free, whole_at)

    def refuse(self, charge: Charge, retry: float, now: float) -> None:
        """Remember a refusal; shortly, so that a reset by an operator is soon felt."""
        _bound(self._refused)
        until = now + min(retry, self._remember)
        self._refused[charge.rule, charge.subject] = (until, now + retry, charge.cost)

    def refusal(self, charge: Charge, now: float) -> float:
        """Seconds to wait, as far as a refusal is remembered that this charge falls under; else 0."""
        if not self._refused:
            return 0.0
        known = self._refused.get((charge.rule, charge.subject))
        if known is None:
            return 0.0
        until, retry_at, cost = known
        if until <= now:
            del self._refused[charge.rule, charge.subject]
            return 0.0
        return retry_at - now if charge.cost >= cost else 0.0

    def forget(self) -> None:
        """Drop every lease and refusal."""
        self._leases.clear()
        self._refused.clear()


def _bound[K, V](kept: dict[K, V]) -> None:
    if len(kept) >= KEPT:
        del kept[next(iter(kept))]
