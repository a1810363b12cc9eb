from litestar import Litestar
from litestar.routes import HTTPRoute

from bedplate.platform.auth.access import OPT, Access


def test_every_route_declares_who_may_call_it(app: Litestar) -> None:
    undeclared = [
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS" and not isinstance(handler.opt.get(OPT), Access)
    ]
    assert undeclared == []


def test_operation_ids_are_unique(app: Litestar) -> None:
    document = app.openapi_schema.to_schema()
    operations = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if operation
    ]
    assert len(operations) == len(set(operations))
