from collections.abc import Callable
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.types.asgi_types import LifeSpanReceive, LifeSpanScope, LifeSpanSend

from bedplate.platform.http.methods import RARE, in_rare_method

type Edge = Callable[[ASGIApp], ASGIApp]


class Service(Litestar):
    """A Litestar application whose edges wrap everything, routing and framework errors included.

    Litestar's own middleware runs after routing, so it never sees a 404 or a 405.
    """

    _edge: ASGIApp | None = None

    def wrap(self, *edges: Edge) -> None:
        """Put edges around the application, the outermost first."""
        app: Any = super().__call__
        for edge in reversed(edges):
            app = edge(app)
        self._edge = app

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        if self._edge is None or scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        scope.setdefault("state", {})  # type: ignore[typeddict-item]
        if scope["type"] == "http" and scope["method"] in RARE:
            receive, send = in_rare_method(scope, receive, send)  # type: ignore[arg-type]
        await self._edge(scope, receive, send)  # type: ignore[arg-type]
