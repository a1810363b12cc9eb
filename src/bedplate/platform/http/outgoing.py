from collections.abc import Awaitable
from time import perf_counter_ns
from typing import Any

from litestar.types import Message, Scope, Send

from bedplate.platform.http.compression import Compression
from bedplate.platform.http.headers import Field, completed

STATE = "outgoing"


class Outgoing:
    """The outermost `send` of a request: completes the head of its answer, and notes when it began.

    One for all layers, since each `send` around another costs every answer two more calls.
    """

    __slots__ = ("compression", "fields", "headers", "scope", "secret", "send", "started", "status")

    def __init__(self, send: Send, scope: Scope) -> None:
        self.send = send
        self.scope = scope
        self.secret = b"/auth/" in scope["raw_path"]
        self.compression: Compression | None = None
        self.fields: list[Field] = []
        self.headers: Any = ()
        self.status = 0
        self.started = 0

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.started = perf_counter_ns()
            self.headers = message["headers"] = completed(message["headers"], self.fields, secret=self.secret)
            if self.compression is not None:
                self.send = self.compression.begin(self.scope, self.status, self.headers, self.send)
        return self.send(message)


def outgoing(scope: Scope) -> Outgoing:
    """The answer of the request at hand: add to its `fields` what the head is to tell besides."""
    return scope["state"][STATE]
