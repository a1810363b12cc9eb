"""Load shedding: when a process cannot keep up, it says so at once instead of letting everybody wait."""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal

from bedplate.platform.background import end, in_background
from bedplate.platform.errors import Failure, Unavailable
from bedplate.platform.telemetry.metrics import counter, gauge
from bedplate.settings.http import HttpSettings

type Reason = Literal["", "event_loop", "database_pool"]

SHED = counter("requests_shed_total", "Requests refused because the process is overloaded.", ("reason",))
SHED.begin(("event_loop", "database_pool"))
LAG = gauge("event_loop_lag_seconds", "How late the event loop last ran what was due.", mode="livemax")
LAG()

BEAT = 0.25
LATE_BEATS = 3
EXEMPT = ("/health/", "/metrics")
"""What an operator needs most of all under load."""


class Overloaded(Exception):  # noqa: N818 - it is told as a state
    """The process refuses requests because it cannot keep up."""


class Pool:
    """A pool of connections as far as it matters here; `lend` waits in the queue as a request would."""

    def __init__(
        self, is_spent: Callable[[], bool], lend: Callable[[], AbstractAsyncContextManager[object]]
    ) -> None:
        self.is_spent = is_spent
        self.lend = lend


class Overload:
    """Watches the event loop and the pools, away from any request; `reason` is empty while all is well.

    The loop counts as overloaded when it has been late at every beat for a while: one long pause is none.
    A pool does when a probe that stands in its queue, put there once all connections are out, waits too long.
    """

    def __init__(self, settings: HttpSettings, pools: Sequence[Pool]) -> None:
        self.reason: Reason = ""
        self._settings = settings
        self._pools = pools
        self._late_since: float | None = None
        self._late_beats = 0
        self._probes: dict[Pool, tuple[float, asyncio.Task[None]]] = {}

    def refusal(self) -> Failure:
        """The answer while overloaded; clients are told to come back at different moments."""
        SHED(self.reason).inc()
        return Unavailable("The service is overloaded", retry_after=random.randint(1, 4))  # noqa: S311 - spread

    async def check(self) -> None:
        """For readiness: a process that sheds load is degraded. Without it the others would have more to bear.

        Raises:
            Overloaded: requests are being refused.
        """
        if self.reason:
            raise Overloaded(self.reason)

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncGenerator[None]:
        """Watch for as long as the application runs."""
        try:
            async with in_background(self._watch()):
                yield
        finally:
            for _, probe in self._probes.values():
                await end(probe)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT
            await asyncio.sleep(BEAT)
            now = loop.time()
            self.look(now, lag=now - due)

    def look(self, now: float, *, lag: float) -> None:
        """Judge anew; `lag` is how late the loop was just now."""
        LAG().set(lag)
        if self._is_late(now, lag):
            self.reason = "event_loop"
        elif self._must_wait(now):
            self.reason = "database_pool"
        else:
            self.reason = ""

    def _is_late(self, now: float, lag: float) -> bool:
        if not self._settings.shed_lag or lag <= self._settings.shed_lag:
            self._late_since, self._late_beats = None, 0
            return False
        if self._late_since is None:
            self._late_since = now
        self._late_beats += 1
        return self._late_beats >= LATE_BEATS and now - self._late_since >= self._settings.shed_after

    def _must_wait(self, now: float) -> bool:
        limit = self._settings.shed_wait
        if not limit:
            return False
        for pool in self._pools:
            began, probe = self._probes.get(pool, (now, None))
            if probe is not None and probe.done():
                del self._probes[pool]
            elif probe is not None and now - began >= limit:
                return True
            elif probe is None and pool.is_spent():
                self._probes[pool] = (now, asyncio.create_task(_probe(pool)))
        return False


async def _probe(pool: Pool) -> None:
    # Why a connection cannot be had is for requests to tell.
    with contextlib.suppress(Exception):
        async with pool.lend():
            pass
