from collections.abc import Iterable

from litestar.datastructures import ResponseHeader
from litestar.params import HeaderParameter

from bedplate.platform.errors import PreconditionFailed, PreconditionRequired

IF_MATCH = HeaderParameter(
    name="If-Match", required=False, description="The ETag you read (RFC 9110, 13.1.1)"
)
ETAG_HEADER = ResponseHeader(name="ETag", documentation_only=True, description="Strong validator")


def etag(version: object) -> str:
    """The strong ETag (RFC 9110 section 8.8.3) of a version or a digest."""
    return f'"{version}"'


def expected_versions(if_match: str | None) -> frozenset[str] | None:
    """The entity tags of an If-Match header; None stands for `*`.

    Raises:
        PreconditionRequired: the header is missing.
    """
    if not if_match:
        raise PreconditionRequired
    if if_match.strip() == "*":
        return None
    return frozenset(part.strip() for part in if_match.split(","))


def check_if_match(if_match: str | None, current: object) -> None:
    """Refuse a change whose If-Match does not name the current version; a weak tag never matches.

    Raises:
        PreconditionRequired: the header is missing.
        PreconditionFailed: it names another version.
    """
    expected = expected_versions(if_match)
    if expected is not None and etag(current) not in expected:
        raise PreconditionFailed(headers={"ETag": etag(current)})


def matches(if_none_match: str | None, current: str) -> bool:
    """Whether If-None-Match names the current ETag, compared weakly (RFC 9110 section 13.1.2)."""
    if not if_none_match:
        return False
    tags: Iterable[str] = (part.strip().removeprefix("W/") for part in if_none_match.split(","))
    return if_none_match.strip() == "*" or current in tags
