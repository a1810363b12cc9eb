from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from bedplate.domains.plans.errors import EmptyDocument, NotUtf8
from bedplate.platform.errors import UnsupportedMediaType

MARKDOWN = "text/markdown"
MOST_BYTES = 2 * 1024 * 1024


@dataclass
class MarkdownBody(Operation):
    """Describes a body of Markdown, which no handler parameter does."""

    def __post_init__(self) -> None:
        text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING), example="# Plan\n\n- [ ] A task\n")
        self.request_body = RequestBody({MARKDOWN: text}, description="UTF-8, 2 MiB at most", required=True)


async def uploaded_markdown(request: Request[Any, Any, Any]) -> bytes:
    """The body's bytes.

    Raises:
        UnsupportedMediaType: it is not `text/markdown` in UTF-8 (RFC 7763).
        NotUtf8: it says which byte is wrong.
        EmptyDocument: there is nothing in it.
    """
    media_type, parameters = request.content_type
    charset = parameters.get("charset", "utf-8").strip('"').lower()
    if media_type.lower() != MARKDOWN or charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType(f"Send {MARKDOWN}; charset=utf-8", headers={"Accept": MARKDOWN})
    raw = await request.body()
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise NotUtf8(error.start) from error
    if not text.strip("\ufeff \t\r\n"):
        raise EmptyDocument
    return raw
