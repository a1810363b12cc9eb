from collections.abc import Awaitable, Callable, Sequence

from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

type Layer = Callable[[ASGIApp, BaseRouteHandler], ASGIApp]
"""Puts one layer around a route, or returns what it was given where the layer could never act."""


class RouteLayers:
    """The layers of one route, the outermost first; made at its first request, once every route is known.

    Litestar stacks the same middleware on every route. Each layer that a route does not carry spares it a
    coroutine or two a request.
    """

    def __init__(self, app: ASGIApp, layers: Sequence[Layer]) -> None:
        self.app = app
        self._layers = layers
        self._stack: ASGIApp | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != ScopeType.HTTP:
            return self.app(scope, receive, send)
        stack = self._stack
        if stack is None:
            stack = self._stack = self._build(scope["route_handler"])
        return stack(scope, receive, send)

    def _build(self, handler: BaseRouteHandler) -> ASGIApp:
        app = self.app
        for layer in reversed(self._layers):
            app = layer(app, handler)
        return app
