from collections.abc import Iterator, Mapping
from typing import Any, cast

from litestar import Litestar
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from bedplate.platform.auth.access import access_of
from bedplate.platform.http.examples import add_examples

PROBLEM = "Problem"
PRODUCES = "produces"
MEANINGS = {
    400: "The request cannot be read",
    401: "Nobody is signed in, or the credential is not valid",
    403: "The caller may not",
    404: "There is no such thing, or not for the caller",
    408: "The body did not arrive in time",
    409: "It contradicts the present state, or its twin is in flight",
    412: "It has changed since it was read",
    413: "The body is too large",
    415: "The media type is not accepted here",
    422: "It breaks a rule; `errors` says which and where",
    428: "If-Match is required",
    429: "A quota is used up; see Retry-After",
    500: "An error of ours",
    502: "A sign-in provider did not answer as it should",
    503: "A dependency is away; see Retry-After",
}
EXAMPLE: dict[str, Any] = {
    "type": "https://bedplate.example/problems/not-found",
    "title": "Not found",
    "status": 404,
    "code": "not_found",
    "request_id": "5f0c8d3e9a7b4c61",
    "detail": "There is nothing at this address",
    "errors": [],
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457): the one shape of every refusal",
    "required": ["type", "title", "status", "code", "request_id", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; what programs compare"},
        "request_id": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "rule", "message"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON Pointer (RFC 6901), or a parameter's name",
                    },
                    "rule": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
    "examples": [EXAMPLE],
}


def documented(app: Litestar) -> dict[str, Any]:
    """The OpenAPI document with every refusal an operation may answer, and who needs no credential."""
    made: dict[str, Any] | None = app.state.get("openapi_document")
    if made is None:
        made = app.state.openapi_document = _document(app)
    return made


def _document(app: Litestar) -> dict[str, Any]:
    document: dict[str, Any] = app.openapi_schema.to_schema()
    document.setdefault("components", {}).setdefault("schemas", {})[PROBLEM] = SCHEMA
    handlers = dict(_handlers(app))
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                _complete(operation, path, method, handlers[path, method])  # pyright: ignore[reportUnknownArgumentType]
    _mend(document)
    add_examples(document, app.state.get("examples", {}))
    return document


def _mend(part: Any) -> None:
    """Two of Litestar's schemas, all through the document.

    It reads the ellipsis of `tuple[Item, ...]` as one more alternative, which anything would be; and it writes
    a union of shapes as `oneOf`, though an answer of the larger shape fits the smaller as well.
    """
    if isinstance(part, list):
        for one in cast("list[Any]", part):
            _mend(one)
    if not isinstance(part, dict):
        return
    schema = cast("dict[str, Any]", part)
    choices: list[Any] = schema.get("oneOf", [])
    if {} in choices:
        choices.remove({})
        if len(choices) == 1:
            schema.update(schema.pop("oneOf")[0])
    if sum("$ref" in choice for choice in choices) > 1 and "oneOf" in schema:
        schema["anyOf"] = schema.pop("oneOf")
    for inner in list(schema.values()):
        _mend(inner)


def _handlers(app: Litestar) -> Iterator[tuple[tuple[str, str], BaseRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                yield (route.path_format, method.lower()), handler


def _complete(operation: dict[str, Any], path: str, method: str, handler: BaseRouteHandler) -> None:
    public = access_of(handler).anonymous
    _declare_media_types(operation, handler.opt.get(PRODUCES, {}))
    if public:
        operation["security"] = []
    operation["summary"] = (
        str(operation.get("description", "")).partition(".")[0].partition("\n")[0] or operation["summary"]
    )
    responses: dict[str, Any] = operation["responses"]
    if method == "get":
        responses["304"] = {"description": "What If-None-Match names is still so"}
    responses["431"] = {"description": "The head is too large: refused by the server, without a body"}
    for status in sorted(_refusals(operation, path, method, public=public)):
        responses[str(status)] = {
            "description": MEANINGS[status],
            "content": {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{PROBLEM}"}}},
        }


def _declare_media_types(operation: dict[str, Any], produces: Mapping[str, str | None]) -> None:
    # `produces={media type: JSON type, or None for any}` beside a route adds to what its return type tells.
    content: dict[str, Any] = operation["responses"].get("200", {}).get("content", {})
    for media_type, kind in produces.items():
        content[media_type] = {"schema": {} if kind is None else {"type": kind}}


def _refusals(operation: Mapping[str, Any], path: str, method: str, *, public: bool) -> set[int]:
    parameters: list[Mapping[str, Any]] = operation.get("parameters") or []
    places = {str(parameter["in"]) for parameter in parameters}
    named = {str(parameter["name"]).lower() for parameter in parameters}
    found = {400, 422, 429, 500, 503}
    if not public or path.startswith("/v1/auth/"):
        found |= {401, 403}
    if "path" in places:
        found.add(404)
    if method != "get":
        found |= {404, 408, 409, 413, 415}
    if "if-match" in named:
        found |= {412, 428}
    if path.startswith("/v1/auth/"):
        found |= {404, 502}
    return found
