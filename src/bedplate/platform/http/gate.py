from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from bedplate.platform.errors import Failure
from bedplate.platform.http.client_address import ClientAddresses
from bedplate.platform.http.compression import Compression
from bedplate.platform.http.hosts import Hosts, Misdirected
from bedplate.platform.http.outgoing import outgoing
from bedplate.platform.http.overload import EXEMPT, Overload
from bedplate.platform.http.problems import send_problem
from bedplate.platform.limits.assembly import Limits
from bedplate.platform.limits.defaults import ADDRESS
from bedplate.platform.limits.rule import Charge
from bedplate.settings.http import HttpSettings


class Gate:
    """What happens to every request before it is routed, so that 404 and 405 are held to it too.

    It finds whose the request is, sheds it under overload, turns it away that names another host, and limits
    each client address. Health and metrics answer whatever the load and by any name.
    """

    def __init__(self, app: ASGIApp, settings: HttpSettings, limits: Limits, overload: Overload) -> None:
        self.app = app
        self._addresses = ClientAddresses(settings.trusted_proxies)
        self._hosts = Hosts(settings.allowed_hosts) if settings.allowed_hosts else None
        self._compression = Compression(settings.compress_from) if settings.compress_from else None
        self._overload = overload
        self._limiter = limits.limiter
        self._rule = limits.book.rule(ADDRESS) if limits.enabled else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            network = self._addresses.place(scope)
            if self._overload.reason or self._hosts is not None:
                refusal = self._refusal(scope)
                if refusal is not None:
                    await send_problem(refusal, scope, send)
                    return
            if self._rule is not None:
                charges = (Charge(self._rule, f"ip:{network}"),)
                decision = self._limiter.acquire_now(charges) or await self._limiter.acquire_far(charges)
                if not decision.allowed:
                    await send_problem(decision.refusal(), scope, send)
                    return
            outgoing(scope).compression = self._compression
        await self.app(scope, receive, send)

    def _refusal(self, scope: HTTPScope) -> Failure | None:
        if scope["path"].startswith(EXEMPT):
            return None
        if self._overload.reason:
            return self._overload.refusal()
        return None if self._hosts is None or self._hosts.answer(scope) else Misdirected()
