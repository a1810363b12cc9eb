from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import Scope, Send

from bedplate.platform.db.constraints import ConstraintErrors, database_failure
from bedplate.platform.errors import (
    BadRequest,
    Failure,
    FieldError,
    NotFound,
    TooLarge,
    UnsupportedMediaType,
)
from bedplate.platform.http.body import field_error
from bedplate.platform.http.methods import allowed
from bedplate.platform.idempotency.reservation import StoredAnswer

type Handler = Callable[[Request[Any, Any, Any], Any], Response[bytes]]

PROBLEM_JSON = "application/problem+json"
TYPE_BASE = "https://bedplate.example/problems/"


class Problem(msgspec.Struct):
    """Problem details (RFC 9457): the one shape of every refusal, each member always there."""

    type: str
    title: str
    status: int
    code: str
    request_id: str
    detail: str
    errors: list[FieldError]


def problem_bytes(failure: Failure, request_id: str) -> bytes:
    """Render a refusal as the bytes of its problem document."""
    problem = Problem(
        type=failure.type or TYPE_BASE + failure.code.replace("_", "-"),
        title=failure.title,
        status=failure.status,
        code=failure.code,
        request_id=request_id,
        detail=failure.detail or failure.title,
        errors=list(failure.errors),
    )
    if not failure.extra:
        return msgspec.json.encode(problem)
    return msgspec.json.encode({**msgspec.to_builtins(problem), **failure.extra})


def problem_response(failure: Failure, scope: Scope) -> Response[bytes]:
    """Answer with a refusal's problem document."""
    request_id = str(scope["state"].get("request_id", ""))
    scope["state"]["problem_code"] = failure.code
    return Response(
        problem_bytes(failure, request_id),
        status_code=failure.status,
        media_type=PROBLEM_JSON,
        headers={**failure.headers, "Cache-Control": "no-store"},
    )


async def send_problem(failure: Failure, scope: Scope, send: Send) -> None:
    """Answer with a refusal's problem document from outside the framework."""
    scope["state"]["problem_code"] = failure.code
    body = problem_bytes(failure, str(scope["state"].get("request_id", "")))
    headers = {
        "content-type": PROBLEM_JSON,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        **failure.headers,
    }
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": failure.status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def exception_handlers(constraints: ConstraintErrors) -> dict[int | type[Exception], Handler]:
    """Handlers for every exception, our own, the framework's and the unexpected."""

    def on_failure(request: Request[Any, Any, Any], failure: Failure) -> Response[bytes]:
        return problem_response(failure, request.scope)

    def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
        return problem_response(from_http(error, _names(request)), request.scope)

    def on_any(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        failure = database_failure(error, constraints)
        if failure is None:
            request.scope["state"]["unexpected"] = error
            failure = Failure()
        return problem_response(failure, request.scope)

    def on_stored(_request: Request[Any, Any, Any], stored: StoredAnswer) -> Response[bytes]:
        kept = dict(stored.headers)
        media_type = kept.pop("content-type", "application/json")
        headers = {**kept, "Idempotency-Replayed": "true"}
        return Response(stored.body, status_code=stored.status, media_type=media_type, headers=headers)

    return {Failure: on_failure, StoredAnswer: on_stored, HTTPException: on_http, Exception: on_any}


def from_http(error: HTTPException, names: Mapping[str, str] | None = None) -> Failure:
    """Translate one of the framework's errors; its texts may quote the query, so none is passed on.

    `names` are what clients call the handler's arguments.
    """
    status = error.status_code
    if isinstance(error, ValidationException):
        return _invalid_parameters(error, names or {})
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failure()
    failure = Failure(DETAILS.get(status, ""), headers=_kept(error.headers or {}))
    phrase = HTTPStatus(status).phrase
    failure.status = status
    failure.title = TITLES.get(status, phrase)
    failure.code = CODES.get(status, phrase.lower().replace(" ", "_").replace("'", ""))
    return failure


CODES = {404: "not_found", 405: "method_not_allowed", 413: "content_too_large", 400: "bad_request"}
DETAILS = {
    404: "There is nothing at this address",
    405: "The address does not take this method; Allow names those it takes",
    413: "The body is larger than this route takes",
}
# A type has one title (RFC 9457, section 3.1.3), whoever refuses.
TITLES = {kind.status: kind.title for kind in (BadRequest, NotFound, TooLarge, UnsupportedMediaType)}


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.title(): allowed(value) for name, value in headers.items() if name.lower() == "allow"}


def _names(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    model = request.app.state.get("argument_models", {}).get(request.scope.get("route_handler"))
    if model is None:
        return {}
    arguments = (*model.expected_query_params, *model.expected_header_params, *model.expected_cookie_params)
    return {argument.field_name: argument.field_alias for argument in arguments}


def _invalid_parameters(error: ValidationException, names: Mapping[str, str]) -> Failure:
    errors = list(_parameter_errors(error, names))
    if [each.pointer for each in errors] == ["/data"]:
        # The framework's name for the body: it is missing.
        return BadRequest("Send a body", errors=[FieldError("", "required", "The body is empty")])
    failure = Failure("A parameter breaks a rule", errors=errors)
    failure.status, failure.code, failure.title = 422, "invalid", "The request breaks a rule"
    return failure


def _parameter_errors(error: ValidationException, names: Mapping[str, str]) -> list[FieldError]:
    extra = error.extra if isinstance(error.extra, list) else []
    found = [
        field_error(str(item.get("message", "")), "/" + _told(str(item.get("key", "")), names))
        for item in extra
    ]
    if found:
        return found
    missing = str(error.detail).partition("parameter '")[2].partition("'")[0]
    return [FieldError(f"/{missing}", "required", "This parameter is required")]


def _told(key: str, names: Mapping[str, str]) -> str:
    name, dot, rest = key.partition(".")
    return names.get(name, name) + dot + rest
