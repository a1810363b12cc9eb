from collections.abc import Sequence

from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.http.body import TypedRequest
from bedplate.platform.http.outgoing import outgoing
from bedplate.platform.limits.assembly import Limits
from bedplate.platform.limits.limiter import Limiter
from bedplate.platform.limits.plan import RoutePlan
from bedplate.platform.limits.rule import Charge


class LimitLayer:
    """Holds each request against its route's policies; stands behind the layer that finds the caller."""

    def __init__(self, app: ASGIApp, limiter: Limiter, plan: RoutePlan) -> None:
        self.app = app
        self._limiter = limiter
        self._plan = plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plan = self._plan
        charges: Sequence[Charge] = plan.charges(scope)
        if plan.reads_values:
            request = TypedRequest(scope, receive)
            charges = [*charges, *await plan.value_charges(scope, request)]
        if charges:
            decision = self._limiter.acquire_now(charges) or await self._limiter.acquire_far(charges)
            if not decision.allowed:
                raise decision.refusal()
            if decision.parts:
                outgoing(scope).fields += decision.headers()
        await self.app(scope, receive, send)


def limit_layer(app: ASGIApp, handler: BaseRouteHandler, limits: Limits) -> ASGIApp:
    """Limit a route, where a policy is declared or is everybody's; what Litestar answers to OPTIONS is not."""
    plan = limits.plan(handler)
    unlimited = plan.empty or getattr(handler, "http_methods", None) == {HttpMethod.OPTIONS}
    return app if unlimited else LimitLayer(app, limits.limiter, plan)
