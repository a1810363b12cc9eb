from collections.abc import Sequence
from typing import Any, cast

from litestar.stores.redis import RedisStore

from bedplate.platform.limits.rule import MICRO, Charge
from bedplate.platform.limits.store import Taken
from bedplate.platform.redis import Client, Script, ScriptRunner

ACQUIRE = Script(__package__ or "", "acquire.lua")
GIVE_BACK = Script(__package__ or "", "give_back.lua")
EPOCH = 1_767_225_600
FIELDS = 4


class RedisLimitStore(RedisStore):
    """Allowances in Redis, shared by every process; its clock is the server's."""

    __slots__ = ("_client", "_prefix", "runner")

    def __init__(self, client: Client, prefix: str, patience: float) -> None:
        super().__init__(cast("Any", client), namespace=f"{prefix}:store:limits")
        self._client: Any = client
        self._prefix = prefix
        self.runner = ScriptRunner(client, patience)

    async def take(self, charges: Sequence[Charge]) -> list[Taken]:
        if self.runner.clustered and len({charge.subject for charge in charges}) > 1:
            return await self._take_in_turn(charges)
        keys = [charge.key for charge in charges]
        arguments: list[Any] = []
        for charge in charges:
            rule = charge.rule
            arguments += (*rule.arguments, charge.cost, rule.lease)
        answer: list[int] = await self.runner.run(ACQUIRE, keys, arguments)
        return [
            Taken(answer[i], answer[i + 1], answer[i + 2] / MICRO, answer[i + 3] / MICRO)
            for i in range(0, len(answer), FIELDS)
        ]

    async def give_back(self, charges: Sequence[Charge]) -> None:
        await self._pay([(charge, charge.cost) for charge in charges])

    async def forget_one(self, charge: Charge) -> None:
        await self._client.delete(charge.key)

    async def spent(self, subject: str) -> dict[str, float]:
        seconds, micros = await self._client.time()
        now = (seconds - EPOCH) * MICRO + micros
        found: dict[str, float] = {}
        for key in await self._keys(subject):
            stored = await self._client.get(key)
            if stored is not None:
                found[key.rpartition(b"}:")[2].decode()] = max(0.0, float(stored) - now) / MICRO
        return found

    async def forget(self, subject: str) -> int:
        keys = await self._keys(subject)
        for key in keys:
            await self._client.delete(key)
        return len(keys)

    def close(self) -> None:
        """Drop the connection."""
        self.runner.close()

    async def _take_in_turn(self, charges: Sequence[Charge]) -> list[Taken]:
        # One call serves one hash slot; what was taken before a refusal is paid back.
        taken: dict[int, Taken] = {}
        for subject in {charge.subject: None for charge in charges}:
            places = [i for i, charge in enumerate(charges) if charge.subject == subject]
            answers = await self.take([charges[i] for i in places])
            taken.update(zip(places, answers, strict=True))
            if any(answer.retry for answer in answers):
                earlier = [i for i in taken if i not in places]
                await self._pay([(charges[i], taken[i].granted) for i in earlier])
                for i in earlier:
                    taken[i] = Taken(0, taken[i].free + taken[i].granted, taken[i].reset, 0)
                break
        return [taken.get(i) or Taken(0, charge.rule.burst, 0, 0) for i, charge in enumerate(charges)]

    async def _pay(self, owed: Sequence[tuple[Charge, int]]) -> None:
        for charge, count in owed:
            await self.runner.run(GIVE_BACK, [charge.key], [count * charge.rule.interval * MICRO])

    async def _keys(self, subject: str) -> list[bytes]:
        pattern = f"{self._prefix}:limit:{{{_literal(subject)}}}:*"
        return [key async for key in self._client.scan_iter(match=pattern, count=1000)]


def _literal(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "*?[]\\^-" else sign for sign in text)
