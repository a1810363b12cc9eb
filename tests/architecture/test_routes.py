from typing import Any

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


def test_every_list_takes_limit_and_cursor(app: Litestar) -> None:
    document = app.openapi_schema.to_schema()
    schemas = document["components"]["schemas"]
    lists = {
        path: {parameter["name"] for parameter in operations["get"].get("parameters", ())}
        for path, operations in document["paths"].items()
        if "get" in operations and "next_cursor" in _properties(operations["get"], schemas)
    }
    assert len(lists) > 30
    assert [path for path, parameters in lists.items() if not {"limit", "cursor"} <= parameters] == []


def _properties(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    content = operation["responses"].get("200", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return schemas.get(schema.get("$ref", "").rpartition("/")[2], schema).get("properties", {})
