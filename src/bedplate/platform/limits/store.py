from collections.abc import Sequence
from typing import Protocol

from bedplate.platform.limits.rule import Charge

NAME = "limits"
"""The store's name in Litestar's registry."""


class Taken:
    """An allowance after a call.

    How many were withdrawn, how many are free, and in how many seconds the spent ones are restored; `retry`
    is 0, or the seconds after which the charge could be paid.
    """

    __slots__ = ("free", "granted", "reset", "retry")

    def __init__(self, granted: int, free: int, reset: float, retry: float) -> None:
        self.granted = granted
        self.free = free
        self.reset = reset
        self.retry = retry


class LimitStore(Protocol):
    """Where allowances are kept: Redis for many processes, memory for one."""

    async def take(self, charges: Sequence[Charge]) -> list[Taken]:
        """Withdraw all charges or none; one under a leased rule may withdraw more.

        Raises:
            DOWN: one of its exceptions, when the store cannot answer.
        """
        ...

    async def give_back(self, charges: Sequence[Charge]) -> None:
        """Undo charges."""
        ...

    async def forget_one(self, charge: Charge) -> None:
        """Make one allowance whole."""
        ...

    async def spent(self, subject: str) -> dict[str, float]:
        """Return each policy's seconds until a subject's allowance is whole again."""
        ...

    async def forget(self, subject: str) -> int:
        """Make every allowance of a subject whole; returns how many there were."""
        ...
