from collections.abc import Mapping, Sequence

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One fault of a request: a JSON pointer (RFC 6901) into it, the rule broken, and a sentence."""

    pointer: str
    rule: str
    message: str


class Failure(Exception):  # noqa: N818 - a refusal is an answer, not a programming error
    """A refusal with a status and a stable code; the HTTP layer renders it as RFC 9457 problem details.

    Subclasses set `status`, `code` and `title`, and `type` where a standard names one; an instance may add a
    detail, field errors, answer headers and extension members.
    """

    status = 500
    code = "internal_error"
    title = "Internal server error"
    type = ""

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


class BadRequest(Failure):
    status, code, title = 400, "bad_request", "The request cannot be read"


class Unauthenticated(Failure):
    status, code, title = 401, "unauthenticated", "Sign in first"

    def __init__(self, detail: str = "", *, challenge: str = 'Bearer realm="bedplate"') -> None:
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class Forbidden(Failure):
    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(Failure):
    status, code, title = 404, "not_found", "Not found"


class Conflict(Failure):
    status, code, title = 409, "conflict", "The request contradicts the present state"


class PreconditionFailed(Failure):
    """RFC 9110 section 15.5.13."""

    status, code, title = 412, "precondition_failed", "The resource has changed since it was read"


class TooLarge(Failure):
    status, code, title = 413, "content_too_large", "The body is too large"


class UnsupportedMediaType(Failure):
    status, code, title = 415, "unsupported_media_type", "The media type is not accepted here"


class Invalid(Failure):
    status, code, title = 422, "invalid", "The request breaks a rule"


class PreconditionRequired(Failure):
    """RFC 6585 section 3."""

    status, code, title = 428, "precondition_required", "Send If-Match with the ETag you read"


class Unavailable(Failure):
    status, code, title = 503, "unavailable", "Temporarily unavailable"

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


def invalid(pointer: str, rule: str, message: str) -> Invalid:
    """An `Invalid` with a single field error."""
    return Invalid(message, errors=[FieldError(pointer, rule, message)])
