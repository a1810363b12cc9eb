from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.background_tasks import BackgroundTask, BackgroundTasks
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.response.base import ASGIResponse
from litestar.serialization import default_serializer
from litestar.types import Receive, Scope, Send

_encode = msgspec.json.Encoder(enc_hook=default_serializer).encode
_BODYLESS = frozenset((204, 304))
_JSON = "application/json"
_CONTENT_TYPE = (b"content-type", _JSON.encode())


class JsonAnswer[T](Response[T]):
    """Litestar's response, with a short way for what nearly every route answers: a value as JSON.

    Whatever has cookies, a task to follow, another media type or no body goes Litestar's own way.
    """

    def __init__(
        self,
        content: T,
        *,
        headers: Mapping[str, str] | None = None,
        status_code: int | None = None,
        **others: Any,
    ) -> None:
        if others:
            super().__init__(content, headers=headers, status_code=status_code, **others)
            return
        self.content = content
        self.background = None
        self.cookies = []
        self.encoding = "utf-8"
        self.headers = dict(headers) if headers else {}
        self.media_type = None
        self.status_code = status_code
        self.response_type_encoders = {}

    def to_asgi_response(
        self,
        app: Any,
        request: Request[Any, Any, Any],
        *,
        background: BackgroundTask | BackgroundTasks | None = None,
        cookies: Iterable[Cookie] | None = None,
        headers: dict[str, str] | None = None,
        media_type: MediaType | str | None = None,
        status_code: int | None = None,
        **others: Any,
    ) -> ASGIResponse:
        """Encode the content; the parameters are those of Litestar's own."""
        status = self.status_code or status_code or 200
        kind = self.media_type or media_type or _JSON
        plain = not (self.cookies or cookies or self.background or background or any(others.values()))
        if not plain or kind != _JSON or status in _BODYLESS or isinstance(self.content, (bytes, str)):
            return super().to_asgi_response(
                app,
                request,
                background=background,
                cookies=cookies,
                headers=headers,
                media_type=media_type,
                status_code=status_code,
                **others,
            )
        fields = self.headers if not headers else {**headers, **self.headers}
        return _Encoded(status, fields, _encode(self.content))


class _Encoded(ASGIResponse):
    __slots__ = ("fields",)

    def __init__(self, status: int, fields: Mapping[str, Any], body: bytes) -> None:  # pyright: ignore[reportMissingSuperCall]
        self.status_code = status
        self.body = body
        self.fields = [
            *(
                (name.lower().encode("latin-1"), str(value).encode("latin-1"))
                for name, value in fields.items()
            ),
            _CONTENT_TYPE,
            (b"content-length", str(len(body)).encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.fields})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
