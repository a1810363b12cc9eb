from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.http.client_address import ClientAddresses
from bedplate.platform.http.problems import send_problem
from bedplate.platform.limits.assembly import Limits
from bedplate.platform.limits.defaults import ADDRESS
from bedplate.platform.limits.rule import Charge


class AddressLimits:
    """Limits each client address before routing, so that 404 and 405 count too; tells the rest whose they are."""

    def __init__(self, app: ASGIApp, limits: Limits, addresses: ClientAddresses) -> None:
        self.app = app
        self._limits = limits
        self._addresses = addresses
        self._rule = limits.book.rule(ADDRESS) if limits.enabled else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            network = self._addresses.place(scope)
            if self._rule is not None:
                charges = (Charge(self._rule, f"ip:{network}"),)
                limiter = self._limits.limiter
                decision = limiter.acquire_now(charges) or await limiter.acquire_far(charges)
                if not decision.allowed:
                    await send_problem(decision.refusal(), scope, send)
                    return
        await self.app(scope, receive, send)
