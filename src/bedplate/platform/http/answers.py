from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_304_NOT_MODIFIED

from bedplate.platform.db import Page
from bedplate.platform.http.conditional import etag, if_none_match, matches
from bedplate.platform.http.json_answer import JsonAnswer


def created[T](body: T, location: str, *, version: object | None = None) -> Response[T]:
    """Answer 201 with the new resource's Location, and its ETag where it has a version."""
    headers = {"Location": location}
    if version is not None:
        headers["ETag"] = etag(version)
    return JsonAnswer(body, status_code=HTTP_201_CREATED, headers=headers)


def accepted[T](body: T, location: str) -> Response[T]:
    """Answer 202 with the Location of the job that does the work."""
    return JsonAnswer(body, status_code=HTTP_202_ACCEPTED, headers={"Location": location})


def versioned[T](request: Request[Any, Any, Any], body: T, version: object) -> Response[T]:
    """Answer with a strong ETag, or 304 when If-None-Match names it (RFC 9110 section 13.1.2)."""
    tag = etag(version)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if matches(if_none_match(request.scope), tag):
        return Response(None, status_code=HTTP_304_NOT_MODIFIED, headers=headers)  # type: ignore[arg-type]
    return JsonAnswer(body, headers=headers)


def paged[T: msgspec.Struct](request: Request[Any, Any, Any], page: Page[T]) -> Response[Page[T]]:
    """Answer with a page, and with `Link: rel="next"` (RFC 8288) where there is one."""
    return JsonAnswer(page, headers=next_link(request, page.next_cursor))


def next_link(request: Request[Any, Any, Any], cursor: str | None) -> dict[str, str]:
    """Tell where the next page is, as a header; nothing on the last."""
    if cursor is None:
        return {}
    query = {**dict(request.query_params), "cursor": cursor}
    return {"Link": f'<{request.url.path}?{urlencode(query)}>; rel="next"'}
