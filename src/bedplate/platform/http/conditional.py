import re
from collections.abc import Iterable

from litestar.datastructures import ResponseHeader
from litestar.params import HeaderParameter
from litestar.types import Scope

from bedplate.platform.errors import PreconditionFailed, PreconditionRequired

IF_MATCH = HeaderParameter(
    name="If-Match", required=False, description="The ETag you read (RFC 9110, 13.1.1)"
)
IF_NONE_MATCH = HeaderParameter(
    name="If-None-Match", required=False, description="`*`: only where there is none yet (RFC 9110, 13.1.2)"
)
ETAG_HEADER = ResponseHeader(name="ETag", documentation_only=True, description="Strong validator")

CODED = re.compile(r';(?P<coding>[a-z]+)"')
"""An encoded answer is another representation, so its strong validator is another (RFC 9110 section 8.8.3.3)."""


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
    return frozenset(part.strip() for part in uncoded(if_match).split(","))


def check_if_match(if_match: str | None, current: object) -> None:
    """Refuse a change whose If-Match does not name the current version; a weak tag never matches.

    Raises:
        PreconditionRequired: the header is missing.
        PreconditionFailed: it names another version.
    """
    expected = expected_versions(if_match)
    if expected is not None and etag(current) not in expected:
        raise PreconditionFailed(headers={"ETag": etag(current)})


def honour_if_match(if_match: str | None, current: object) -> None:
    """As `check_if_match`, where the header is welcome but not asked for: what ends access never waits for it.

    Raises:
        PreconditionFailed: it names another version.
    """
    if if_match:
        check_if_match(if_match, current)


def check_put(if_match: str | None, if_none_match: str | None, current: object) -> None:
    """Refuse a PUT whose conditions do not hold; `current` is None where there is nothing yet.

    Raises:
        PreconditionFailed: If-Match names another version or there is none, or If-None-Match what there is.
    """
    if if_match:
        if current is None:
            raise PreconditionFailed("There is nothing yet that could match")
        check_if_match(if_match, current)
    if current is not None and matches(if_none_match, etag(current)):
        raise PreconditionFailed("There is one already", headers={"ETag": etag(current)})


def if_none_match(scope: Scope) -> str | None:
    """The header of that name, read from the scope: the request's own `headers` costs a dictionary of all."""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            return value.decode("latin-1")
    return None


def matches(if_none_match: str | None, current: str) -> bool:
    """Whether If-None-Match names the current ETag, compared weakly (RFC 9110 section 13.1.2)."""
    if not if_none_match:
        return False
    tags: Iterable[str] = (part.strip().removeprefix("W/") for part in uncoded(if_none_match).split(","))
    return if_none_match.strip() == "*" or current in tags


def coded(tag: str, coding: str) -> str:
    """The ETag of the same version in a content coding; a weak tag stands for all of them."""
    return tag if tag.startswith("W/") or not tag.endswith('"') else f'{tag[:-1]};{coding}"'


def uncoded(tags: str) -> str:
    """The tags of the versions themselves, whatever coding the client was sent."""
    return CODED.sub('"', tags) if ";" in tags else tags


def coding_of(tags: str, known: Iterable[str]) -> str | None:
    """The content coding that a client's tags tell of."""
    found = CODED.search(tags)
    return found["coding"] if found and found["coding"] in known else None
