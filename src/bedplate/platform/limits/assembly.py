from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext

from litestar import Litestar
from litestar.handlers import BaseRouteHandler

from bedplate.platform.limits.book import RuleBook
from bedplate.platform.limits.census import Census
from bedplate.platform.limits.defaults import NAMED, STRICT
from bedplate.platform.limits.limiter import Limiter
from bedplate.platform.limits.memory_store import MemoryLimitStore
from bedplate.platform.limits.plan import RoutePlan, plan_of
from bedplate.platform.limits.redis_store import RedisLimitStore
from bedplate.platform.limits.signin import SignInGuard
from bedplate.platform.redis import Client
from bedplate.settings.limits import LimitsSettings


class Limits:
    """A process's limits: its rules, its limiter, and the store to register with Litestar as `limits`.

    Raises:
        LimitsError: an override or a policy is wrong.
    """

    def __init__(
        self,
        settings: LimitsSettings,
        client: Client,
        *,
        prefix: str,
        workers: int = 1,
        production: bool = False,
    ) -> None:
        self.enabled = settings.enabled
        strict = settings.quotas == "strict" or (settings.quotas == "auto" and production)
        self.book = RuleBook((*(STRICT if strict else ()), *settings.overrides), prefix)
        self.store: RedisLimitStore | MemoryLimitStore = (
            MemoryLimitStore()
            if settings.store == "memory"
            else RedisLimitStore(client, prefix, settings.patience)
        )
        self.limiter = Limiter(settings, self.store)
        self.sign_in = SignInGuard(self.limiter, self.book, enabled=settings.enabled)
        self._census: Census | None = None
        if not settings.processes:
            self.limiter.processes = workers
            if isinstance(self.store, RedisLimitStore):
                self._census = Census(self.store.runner, prefix, self.limiter, at_least=workers)

    def plan(self, handler: BaseRouteHandler) -> RoutePlan:
        """Compile the policies of a route."""
        return plan_of(handler, self.book) if self.enabled else RoutePlan((), self.book)

    @asynccontextmanager
    async def lifespan(self, app: Litestar | None = None) -> AsyncGenerator[None]:
        """Check the policies of every route, and keep count of the processes that share them.

        Raises:
            LimitsError: two routes declare different policies by one name, or a setting names none.
        """
        for route in app.routes if app is not None else ():
            for handler in getattr(route, "route_handlers", ()):
                self.plan(handler)
        if app is not None and self.enabled:
            self.book.refuse_unknown(NAMED)
        async with self._census.lifespan() if self._census and self.enabled else nullcontext():
            yield
        self.close()

    def close(self) -> None:
        """Drop the connection."""
        if isinstance(self.store, RedisLimitStore):
            self.store.close()
