from collections.abc import Mapping
from typing import Any

from litestar import Litestar
from litestar._asgi.utils import wrap_in_exception_handler
from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send


class DirectCall:
    """Calls a read's handler as Litestar does, without what Litestar keeps ready for other kinds of handler.

    That is a task group for the dependencies, which ours do not need since none of them waits, and an exit stack
    for those with something to close. Together they cost a small read as much as its layers.
    """

    def __init__(self, handler: HTTPRouteHandler, model: Any) -> None:
        self._handler = handler
        self._request: Any = handler.resolve_request_class()
        self._model = model
        self._provides = [
            (dependency.key, dependency.provide) for batch in model.dependency_batches for dependency in batch
        ]
        self._only_request = set(handler.parsed_fn_signature.parameters) == {"request"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._handler
        request = self._request(scope, receive, send)
        arguments = {"request": request} if self._only_request else await self._arguments(request)
        answer = await handler.fn(**arguments)
        response = await handler.to_response(app=scope["litestar_app"], data=answer, request=request)
        await response(scope, receive, send)

    async def _arguments(self, request: Any) -> dict[str, Any]:
        values: dict[str, Any] = await self._model.to_kwargs(request)
        for key, provide in self._provides:
            values[key] = provide.dependency(**_parsed(provide.signature_model, request, values))
        return _parsed(self._handler.signature_model, request, values)


def _parsed(model: Any, request: Any, values: dict[str, Any]) -> dict[str, Any]:
    return model.parse_values_from_connection_kwargs(connection=request, kwargs=values)


def direct_call(app: ASGIApp, handler: BaseRouteHandler, models: Mapping[Any, Any]) -> ASGIApp:
    """Call a handler directly where that makes no difference, the innermost of a route's layers."""
    model = models.get(handler)
    if model is None or not isinstance(handler, HTTPRouteHandler) or not _is_plain(handler, model):
        return app
    return wrap_in_exception_handler(DirectCall(handler, model))


def argument_models(app: Litestar) -> dict[Any, Any]:
    """Map each route handler to Litestar's own model of where its arguments come from."""
    return {
        handler: model
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values()
    }


def _is_plain(handler: Any, model: Any) -> bool:
    hooked = (
        handler.resolve_guards()
        or handler.resolve_before_request()
        or handler.resolve_after_response()
        or handler.cache
        or handler.has_sync_callable
    )
    return (
        not hooked
        and handler.http_methods == {HttpMethod.GET}
        and all(_is_sync(dependency.provide) for batch in model.dependency_batches for dependency in batch)
    )


def _is_sync(provide: Any) -> bool:
    generates = provide.has_sync_generator_dependency or provide.has_async_generator_dependency
    return provide.has_sync_callable and not generates and not provide.use_cache
