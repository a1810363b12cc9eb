from collections.abc import Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

from litestar.exceptions import LitestarException, MethodNotAllowedException
from litestar.utils import normalize_path

from bedplate.platform.telemetry.redact import redact_text

UNMATCHED = "unmatched"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})
OTHER_METHOD = "_OTHER"
LONGEST_METHOD = 30
"""Characters that are told of one that is not known."""
_HANDLED = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS")
_LONGEST = 200


def route_of(scope: MutableMapping[str, Any], status: int, path: str, app: Any) -> str:
    """Name the route's template, `unmatched` where there is none.

    Routing may not have taken place: the limiter refused before, or the method is not allowed (405). Then the
    path is looked up under every method, so that such answers count for the route they were meant for.
    """
    handler = scope.get("route_handler")
    if handler is not None:
        return scope.get("path_template") or min(handler.paths)
    return UNMATCHED if app is None or status == HTTPStatus.NOT_FOUND else _looked_up(app, path)


def safe_path(route: str, path: str, parameters: Mapping[str, Any]) -> str:
    """Write the path without what a person or a token may stand in: typed parameters only, or redacted."""
    if route == UNMATCHED:
        return redact_text(path)[:_LONGEST]
    for name, value in parameters.items():
        if not isinstance(value, str):
            route = route.replace("{" + name + "}", str(value), 1)
    return route


def _looked_up(app: Any, path: str) -> str:
    normal = normalize_path(path)
    for method in _HANDLED:
        try:
            found: str = app.asgi_router.handle_routing(path=normal, method=method)[4]
        except MethodNotAllowedException:
            continue
        except LitestarException:
            break
        return found or UNMATCHED
    return UNMATCHED
