import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bedplate.platform.background import in_background
from bedplate.platform.limits.limiter import Limiter
from bedplate.platform.limits.metrics import SHARERS
from bedplate.platform.redis import DOWN, Script, ScriptRunner

COUNT = Script(__package__ or "", "census.lua")
BEAT, FORGOTTEN = 2.0, 60
"""Seconds between two signs of life, and after the last: one that is merely slow must not be forgotten, for
then the others would grant its share, too."""


class Census:
    """Counts the processes that share the limits, so that each knows its part when the store goes away."""

    def __init__(self, runner: ScriptRunner, prefix: str, limiter: Limiter, *, at_least: int) -> None:
        self._runner = runner
        self._key = f"{prefix}:limit:processes"
        self._limiter = limiter
        self._at_least = at_least
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"

    async def count(self) -> None:
        """Be counted, and learn how many are; what was known stays when the store is away."""
        with contextlib.suppress(*DOWN):
            seen: int = await self._runner.run(COUNT, [self._key], [self._name, FORGOTTEN])
            self._limiter.processes = max(self._at_least, seen)
        SHARERS().set(self._limiter.processes)

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Count for as long as the application runs."""
        await self.count()
        async with in_background(self._go_on()):
            yield

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            await self.count()
