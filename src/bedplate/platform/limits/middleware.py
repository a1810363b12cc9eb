from collections.abc import Sequence
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from bedplate.platform.limits.assembly import Limits
from bedplate.platform.limits.plan import RoutePlan
from bedplate.platform.limits.rule import Charge


class LimitMiddleware:
    """Holds each request against its route's policies; stands behind the middleware that finds the caller."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self._limits = limits
        self._plans: dict[int, RoutePlan] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        handler = scope["route_handler"]
        plan = self._plans.get(id(handler))
        if plan is None:
            plan = self._plans[id(handler)] = self._limits.plan(handler)
        charges: Sequence[Charge] = plan.charges(scope)
        if plan.reads_values:
            request = Request[Any, Any, Any](scope, receive)
            charges = [*charges, *await plan.value_charges(scope, request)]
        if not charges:
            await self.app(scope, receive, send)
            return
        limiter = self._limits.limiter
        decision = limiter.acquire_now(charges) or await limiter.acquire_far(charges)
        if not decision.allowed:
            raise decision.refusal()
        if decision.parts:
            send = _Headers(send, decision.headers())
        await self.app(scope, receive, send)


class _Headers:
    """Adds header fields to an answer's start."""

    __slots__ = ("_fields", "_send")

    def __init__(self, send: Send, fields: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._fields = fields

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *self._fields]
        await self._send(message)
