import asyncio
import time
from collections.abc import Sequence

from bedplate.platform.limits.breaker import Breaker
from bedplate.platform.limits.decision import PASSED, Decision, Part
from bedplate.platform.limits.leases import Leases
from bedplate.platform.limits.memory_store import MemoryLimitStore
from bedplate.platform.limits.metrics import TRIPS
from bedplate.platform.limits.rule import Charge
from bedplate.platform.limits.store import LimitStore, Taken
from bedplate.platform.redis import DOWN
from bedplate.platform.telemetry import note
from bedplate.settings.limits import LimitsSettings

TRIP_OK, TRIP_ERROR = TRIPS("ok").inc, TRIPS("error").inc


class Limiter:
    """Decides whether requests may spend: from memory where that is exact, else by one trip to the store.

    While the store is away each process grants its share of every limit.
    """

    def __init__(self, settings: LimitsSettings, store: LimitStore) -> None:
        self.store = store
        self.breaker = Breaker(settings.breaker_failures, settings.breaker_pause)
        self._leases = Leases(settings.remember)
        self._local = MemoryLimitStore()
        self._local.shares = max(1, settings.processes)
        self._under_way: dict[str, asyncio.Event] = {}

    @property
    def processes(self) -> int:
        """How many processes share every limit while the store is away."""
        return self._local.shares

    @processes.setter
    def processes(self, count: int) -> None:
        self._local.shares = max(1, count)

    async def acquire(self, charges: Sequence[Charge]) -> Decision:
        """Spend all charges or none."""
        return self.acquire_now(charges) or await self.acquire_far(charges)

    def acquire_now(self, charges: Sequence[Charge]) -> Decision | None:
        """Decide from memory: by leases and remembered refusals; None where a trip is due."""
        now = time.monotonic()
        if len(charges) == 1:
            charge = charges[0]
            retry = self._leases.refusal(charge, now)
            if retry > 0:
                return _remembered(charge, retry)
            lease = self._leases.spend(charge, now) if charge.rule.lease else None
            if lease is None:
                return None
            charge.rule.allowed()
            return Decision(((charge.rule, lease.free + lease.left, lease.whole_at - now),))
        return self._several_now(charges, now)

    async def acquire_far(self, charges: Sequence[Charge]) -> Decision:
        """Decide by the store; requests of one subject under a leased rule share the trip."""
        while len(charges) == 1 and charges[0].rule.lease:
            key = charges[0].key
            under_way = self._under_way.get(key)
            if under_way is None:
                self._under_way[key] = arrived = asyncio.Event()
                try:
                    return await self._trip(charges)
                finally:
                    del self._under_way[key]
                    arrived.set()
            await under_way.wait()
            decision = self.acquire_now(charges)
            if decision is not None:
                return decision
        return await (self._trip(charges) if len(charges) == 1 else self._several_far(charges))

    async def give_back(self, charges: Sequence[Charge]) -> None:
        """Undo charges that turned out not to count."""
        try:
            if self.breaker.may_try():
                await self.store.give_back(charges)
        except DOWN as error:
            self.breaker.failed(error)
        await self._local.give_back(charges)

    async def forget(self, charge: Charge) -> None:
        """Make an allowance whole."""
        try:
            if self.breaker.may_try():
                await self.store.forget_one(charge)
        except DOWN as error:
            self.breaker.failed(error)
        await self._local.forget_one(charge)

    def _several_now(self, charges: Sequence[Charge], now: float) -> Decision | None:
        if not charges:
            return PASSED
        for charge in charges:
            retry = self._leases.refusal(charge, now)
            if retry > 0:
                return _remembered(charge, retry)
        if not all(charge.rule.lease for charge in charges):
            return None
        parts = self._spend_leases(charges, now)
        if parts is None:
            return None
        return Decision(tuple(parts.values()))

    def _spend_leases(self, charges: Sequence[Charge], now: float) -> dict[Charge, Part] | None:
        parts = self._spend_what_is_leased(charges, now)
        if len(parts) == len(charges):
            for charge in charges:
                charge.rule.allowed()
            return parts
        for charge in parts:
            self._leases.put_back(charge)
        return None

    def _spend_what_is_leased(self, charges: Sequence[Charge], now: float) -> dict[Charge, Part]:
        parts: dict[Charge, Part] = {}
        for charge in charges:
            lease = self._leases.spend(charge, now) if charge.rule.lease else None
            if lease is not None:
                parts[charge] = (charge.rule, lease.free + lease.left, lease.whole_at - now)
        return parts

    async def _several_far(self, charges: Sequence[Charge]) -> Decision:
        # The leased ones alone, for those who want the same lease share its trip: else each would withdraw one.
        parts: list[Part] = []
        spent: list[Charge] = []
        for charge in charges:
            if charge.rule.lease:
                decision = await self.acquire((charge,))
                if not decision.allowed:
                    await self._undo(spent)
                    return decision
                parts += decision.parts
                spent.append(charge)
        decision = await self._trip([charge for charge in charges if not charge.rule.lease])
        if not decision.allowed:
            await self._undo(spent)
            return decision
        return Decision((*parts, *decision.parts))

    async def _undo(self, spent: Sequence[Charge]) -> None:
        withdrawn = [charge for charge in spent if not self._leases.put_back(charge)]
        if withdrawn:
            await self.give_back(withdrawn)

    async def _trip(self, charges: Sequence[Charge]) -> Decision:
        if not charges:
            return PASSED
        if not self.breaker.may_try():
            return self._decide_locally(charges)
        sent = time.monotonic()
        try:
            answers = await self.store.take(charges)
        except DOWN as error:
            TRIP_ERROR()
            self.breaker.failed(error)
            return self._decide_locally(charges)
        TRIP_OK()
        self.breaker.succeeded()
        return self._heed(charges, answers, sent)

    def _heed(self, charges: Sequence[Charge], answers: Sequence[Taken], sent: float) -> Decision:
        for charge, answer in zip(charges, answers, strict=True):
            self._local.note(charge.key, sent + answer.reset)
            if answer.retry:
                charge.rule.denied()
                note("bedplate.limiter", f"denied by {charge.rule.name}")
                self._leases.refuse(charge, answer.retry, sent)
        decision = _decision(charges, answers)
        if decision.allowed:
            for charge, answer in zip(charges, answers, strict=True):
                charge.rule.allowed()
                if answer.granted > charge.cost:
                    left = answer.granted - charge.cost
                    self._leases.keep(charge, left, answer.free, sent + answer.reset, sent)
        return decision

    def _decide_locally(self, charges: Sequence[Charge]) -> Decision:
        if any(charge.rule.fail_closed for charge in charges):
            return Decision((), unavailable=True)
        answers = self._local.take_now(charges)
        note("bedplate.limiter", "local")
        for charge in charges:
            charge.rule.local()
        return _decision(charges, answers)


def _remembered(charge: Charge, retry: float) -> Decision:
    charge.rule.remembered()
    note("bedplate.limiter", f"denied by {charge.rule.name}, from memory")
    return Decision(((charge.rule, 0, retry),), retry=retry)


def _decision(charges: Sequence[Charge], answers: Sequence[Taken]) -> Decision:
    retry = max((answer.retry for answer in answers), default=0.0)
    pairs = list(zip(charges, answers, strict=True))
    if retry:
        pairs = [(charge, answer) for charge, answer in pairs if answer.retry]
        return Decision(tuple((charge.rule, 0, answer.retry) for charge, answer in pairs), retry=retry)
    # What a lease withdrew is still free for its subject.
    return Decision(tuple((c.rule, a.free + max(0, a.granted - c.cost), a.reset) for c, a in pairs))
