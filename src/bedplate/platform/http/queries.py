from typing import Annotated, Any

from litestar import Litestar, Request
from litestar.enums import ScopeType
from litestar.params import QueryParameter
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.db import PageQuery
from bedplate.platform.db.cursors import CursorSigner
from bedplate.platform.errors import FieldError, Invalid

MAX_LIMIT = 200
ANY_QUERY = "any_query"
"""On a route that others' programs call, who add parameters of their own: a provider's callback."""


def page_query(
    request: Request[Any, Any, Any],
    limit: Annotated[int | None, QueryParameter(ge=1, le=MAX_LIMIT, description="Rows a page")] = None,
    cursor: Annotated[
        str | None, QueryParameter(max_length=1024, description="`next_cursor` of the page before")
    ] = None,
    sort: Annotated[
        str | None, QueryParameter(max_length=64, description="A field; a leading minus: falling")
    ] = None,
) -> PageQuery:
    """The dependency `page` of every list."""
    state = request.app.state
    signer: CursorSigner = state.cursors
    return PageQuery(limit=limit or state.settings.http.page_limit, cursor=cursor, sort=sort, signer=signer)


class QueryGate:
    """Refuses query parameters that the route does not declare, `utm_*` apart: a typo is not a filter."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope.get("query_string"):
            _check(scope)
        await self.app(scope, receive, send)


def _check(scope: Scope) -> None:
    known = scope["litestar_app"].state.query_parameters.get(scope["route_handler"])
    if known is None:
        return
    request = Request[Any, Any, Any](scope)
    unknown = [n for n in request.query_params if n not in known and not n.startswith("utm_")]
    if unknown:
        errors = [
            FieldError(f"/{name}", "unknown_parameter", "Not a parameter of this route") for name in unknown
        ]
        raise Invalid("Unknown query parameters", errors=errors)


def declared_query_parameters(app: Litestar) -> dict[Any, frozenset[str]]:
    """Map each route handler to the query parameters it takes, those of its dependencies included."""
    return {
        handler: frozenset(p.field_alias for p in model.expected_query_params)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values()
        if not handler.opt.get(ANY_QUERY)
    }
