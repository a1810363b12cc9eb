import asyncio
from http import HTTPStatus
from time import perf_counter_ns
from typing import Any

from litestar.types import Send

from bedplate.platform.http.outgoing import Outgoing
from bedplate.platform.telemetry.routes import METHODS, OTHER_METHOD, UNMATCHED, route_of
from bedplate.platform.telemetry.spans import Span

CLIENT_CLOSED_REQUEST = 499
"""What is counted when the caller left before the answer began; nginx's number, there is no standard one."""

FAULT = HTTPStatus.INTERNAL_SERVER_ERROR


class Exchange(Outgoing):
    """A request and its answer as told at the end; also the outermost `send`, which echoes the id."""

    __slots__ = (
        "code",
        "elapsed",
        "end",
        "fault",
        "method",
        "path",
        "raised",
        "root",
        "route",
    )

    def __init__(self, send: Send, root: Span, scope: Any) -> None:
        super().__init__(send, scope)
        self.root = root
        self.path: str = scope["path"]
        self.fields.append((b"x-request-id", root.trace.request_id.encode("ascii")))
        self.code = ""
        self.end = 0
        self.elapsed = 0
        self.method = OTHER_METHOD
        self.route = UNMATCHED
        self.raised: BaseException | None = None
        self.fault: BaseException | None = None
        root.start = perf_counter_ns()

    def finish(self, scope: Any, app: Any, slow: int) -> None:
        """Settle what happened; `elapsed` is in nanoseconds, `slow` from where it is worth a second look."""
        self.end = perf_counter_ns()
        self.elapsed = self.end - self.root.start
        if self.elapsed >= slow and self._streamed_events():
            # A stream of events has no end of its own: it was answered when it began.
            self.elapsed = self.started - self.root.start
        if not self.status:
            left = isinstance(self.raised, asyncio.CancelledError)
            self.status = CLIENT_CLOSED_REQUEST if left else FAULT
        if scope["method"] in METHODS:
            self.method = scope["method"]
        self.route = route_of(scope, self.status, self.path, app)
        self.code = scope["state"].get("problem_code", "")
        if self.status >= FAULT:
            self.fault = self.raised or scope["state"].get("unexpected")

    def _streamed_events(self) -> bool:
        return any(
            name == b"content-type" and value.startswith(b"text/event-stream") for name, value in self.headers
        )
