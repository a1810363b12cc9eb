from typing import Any

from bedplate.platform.telemetry.exchange import FAULT, Exchange
from bedplate.platform.telemetry.redact import redact_text
from bedplate.platform.telemetry.routes import LONGEST_METHOD, OTHER_METHOD, UNMATCHED, safe_path
from bedplate.platform.telemetry.spans import Value

_LONGEST_AGENT = 200


def describe(scope: Any, exchange: Exchange) -> None:
    """Tell a kept request's span by OpenTelemetry's stable HTTP conventions.

    The query is left out, it may hold anything.
    """
    root, fault = exchange.root, exchange.fault
    root.end = exchange.end
    # The conventions' word for a method that is none.
    method = "HTTP" if exchange.method == OTHER_METHOD else exchange.method
    root.name = f"{method} {exchange.route}"
    root.attributes = {**root.attributes, **_attributes(scope, exchange)}
    if exchange.broken or exchange.status >= FAULT:
        root.error = type(fault).__qualname__ if fault is not None else str(exchange.status)


def _attributes(scope: Any, exchange: Exchange) -> dict[str, Value]:
    found: dict[str, Value] = {
        "http.request.method": exchange.method,
        "url.scheme": scope.get("scheme", "http"),
        "url.path": safe_path(exchange.route, exchange.path, scope.get("path_params") or {}),
        "http.response.status_code": exchange.status,
        "network.protocol.version": scope.get("http_version", "1.1"),
        "request.id": scope["state"]["request_id"],
    }
    if exchange.method == OTHER_METHOD:
        found["http.request.method_original"] = redact_text(scope["method"])[:LONGEST_METHOD]
    if exchange.route != UNMATCHED:
        found["http.route"] = exchange.route
    _add_peers(scope, found)
    if exchange.code:
        found["bedplate.problem_code"] = exchange.code
    for name, value in exchange.headers:
        if name == b"ratelimit":
            # What the limiter decided, and what is left: `"default";r=50;t=30`.
            found["bedplate.ratelimit"] = value.decode("ascii")
    user = scope.get("user")
    if user is not None:
        found["user.id"] = str(user.user_id)
    return found


def _add_peers(scope: Any, found: dict[str, Value]) -> None:
    server, client = scope.get("server"), scope.get("client")
    if server:
        found["server.address"] = server[0]
        if server[1]:
            found["server.port"] = server[1]
    if client:
        found["client.address"] = scope["state"].get("client_address") or client[0]
    for name, value in scope["headers"]:
        if name == b"user-agent":
            found["user_agent.original"] = redact_text(value.decode("latin-1"))[:_LONGEST_AGENT]
            return
