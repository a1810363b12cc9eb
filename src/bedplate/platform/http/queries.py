from collections import Counter
from collections.abc import Awaitable, Mapping
from typing import Annotated, Any

from litestar import Litestar, Request
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.db import PageQuery
from bedplate.platform.db.cursors import CursorSigner
from bedplate.platform.db.listing import MOST_ROWS
from bedplate.platform.errors import FieldError, Invalid

ANY_QUERY = "any_query"
"""On a route that others' programs call, who add parameters of their own: a provider's callback."""

UNKNOWN = "Not a parameter of this route"


def page_query(
    request: Request[Any, Any, Any],
    limit: Annotated[int | None, QueryParameter(ge=1, le=MOST_ROWS, description="Rows a page")] = None,
    cursor: Annotated[
        str | None,
        QueryParameter(min_length=1, max_length=1024, description="`next_cursor` of the page before"),
    ] = None,
    sort: Annotated[
        str | None,
        QueryParameter(min_length=1, max_length=64, description="A field; a leading minus: falling"),
    ] = None,
) -> PageQuery:
    """The dependency `page` of every list."""
    state = request.app.state
    signer: CursorSigner = state.cursors
    rows = limit or state.settings.http.page_limit
    return PageQuery(limit=rows, cursor=cursor, sort=sort, signer=signer, unstated=limit is None)


class QueryGate:
    """Refuses query parameters that the route does not declare, `utm_*` apart: a typo is not a filter.

    It also refuses one that is given twice where the route takes one value, for which of them counts?
    """

    def __init__(self, app: ASGIApp, known: Mapping[str, bool]) -> None:
        self.app = app
        self._known = known

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["query_string"]:
            self._check(scope)
        return self.app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        query = Request[Any, Any, Any](scope).query_params
        given = Counter(name for name, _ in query.multi_items())
        known = self._known
        unknown = [name for name in given if name not in known and not name.startswith("utm_")]
        if unknown:
            errors = [FieldError(f"/{name}", "unknown_parameter", UNKNOWN) for name in unknown]
            raise Invalid("Unknown query parameters", errors=errors)
        repeated = [name for name, times in given.items() if times > 1 and not known.get(name, True)]
        if repeated:
            errors = [FieldError(f"/{name}", "repeated", "Give it once") for name in repeated]
            raise Invalid("Repeated query parameters", errors=errors)


def query_gate(app: ASGIApp, handler: BaseRouteHandler, known: Mapping[Any, Mapping[str, bool]]) -> ASGIApp:
    """Gate a route's query; one that others call with parameters of their own is not in `known`."""
    return QueryGate(app, known[handler]) if handler in known else app


def declared_query_parameters(app: Litestar) -> dict[Any, dict[str, bool]]:
    """Map each route handler to the query parameters it takes, and whether more than once.

    Those of its dependencies are included.
    """
    return {
        handler: {p.field_alias: p.is_sequence for p in model.expected_query_params}
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values()
        if not handler.opt.get(ANY_QUERY)
    }
