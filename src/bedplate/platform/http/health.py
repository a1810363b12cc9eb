import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec
from litestar import Controller, Request, Response, get
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from bedplate.platform.auth.access import PUBLIC

TIME_BOX = 1.0
COALESCE = 0.25

type Check = Callable[[], Awaitable[object]]
type State = Literal["ok", "degraded", "failed"]


class DependencyHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dependency's state; `reason` names the kind of failure, never an address."""

    state: State
    reason: str = ""


class Health(msgspec.Struct, frozen=True):
    """`degraded`: serves, though something that is not essential is gone."""

    status: State
    dependencies: dict[str, DependencyHealth] = {}


class Probes:
    """Asks the dependencies, each within a second, and once for all who ask in the same quarter second."""

    def __init__(self, essential: Mapping[str, Check], helpful: Mapping[str, Check]) -> None:
        self._essential = essential
        self._helpful = helpful
        self._running: asyncio.Task[Health] | None = None
        self._at = float("-inf")
        self.started = False

    async def ready(self) -> Health:
        """The state of every dependency."""
        now = time.monotonic()
        if self._running is None or now - self._at > COALESCE:
            self._at = now
            self._running = asyncio.create_task(self._ask())
        return await asyncio.shield(self._running)

    async def _ask(self) -> Health:
        checks = {**self._essential, **self._helpful}
        answers = await asyncio.gather(*(_probe(check) for check in checks.values()))
        states = dict(zip(checks, answers, strict=True))
        failed = {name for name, answer in states.items() if answer.state != "ok"}
        overall: State = "failed" if failed & set(self._essential) else "degraded" if failed else "ok"
        return Health(overall, states)


async def _probe(check: Check) -> DependencyHealth:
    try:
        async with asyncio.timeout(TIME_BOX):
            await check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the dependency does not answer
        return DependencyHealth("failed", type(error).__name__)
    return DependencyHealth("ok")


class HealthController(Controller):
    """Probes for orchestrators; `live` does no I/O, so that an outage restarts nothing."""

    path = "/health"
    tags = ("health",)

    @get("/live", access=PUBLIC, limits=())
    async def get_liveness(self) -> Health:
        """Whether the process turns its event loop."""
        return Health("ok")

    @get("/ready", access=PUBLIC, limits=())
    async def get_readiness(self, request: Request[Any, Any, Any]) -> Response[Health]:
        """Whether requests can be served, dependency by dependency."""
        probes: Probes = request.app.state.probes
        health = await probes.ready()
        status = HTTP_503_SERVICE_UNAVAILABLE if health.status == "failed" else HTTP_200_OK
        return Response(health, status_code=status, headers={"Cache-Control": "no-store"})

    @get("/startup", access=PUBLIC, limits=())
    async def get_startup(self, request: Request[Any, Any, Any]) -> Response[Health]:
        """Whether the process has finished starting."""
        probes: Probes = request.app.state.probes
        started = probes.started
        return Response(
            Health("ok" if started else "failed"),
            status_code=HTTP_200_OK if started else HTTP_503_SERVICE_UNAVAILABLE,
            headers={"Cache-Control": "no-store"},
        )
