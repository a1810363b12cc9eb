import asyncio
from http import HTTPStatus
from time import perf_counter_ns
from typing import Any

from bedplate.platform.http.outgoing import Outgoing
from bedplate.platform.telemetry.routes import METHODS, OTHER_METHOD, route_of
from bedplate.platform.telemetry.spans import Span

CLIENT_CLOSED_REQUEST = 499
"""What is counted when the caller left before the answer began; nginx's number, there is no standard one."""

FAULT = HTTPStatus.INTERNAL_SERVER_ERROR
LONG = 50_000_000
"""Nanoseconds from which it is worth a look whether a request was a stream of events."""


class Exchange(Outgoing):
    """A request and its answer; also the outermost `send`. All but `root` is settled by `finish`.

    It has no constructor of its own, and notes nothing on the way: each costs every request.
    """

    __slots__ = ("broken", "code", "elapsed", "end", "fault", "method", "path", "root", "route")

    root: Span

    def finish(self, scope: Any, app: Any, raised: BaseException | None) -> None:
        """Settle what happened; `elapsed` is in nanoseconds, `broken` an answer that broke off once begun."""
        self.end = perf_counter_ns()
        self.elapsed = self.end - self.root.start
        if self.elapsed >= LONG and self._streamed_events():
            # A stream of events has no end of its own: it was answered when it began.
            self.elapsed = self.started - self.root.start
        if not self.status:
            left = isinstance(raised, asyncio.CancelledError)
            self.status = CLIENT_CLOSED_REQUEST if left else FAULT
        self.method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        self.path: str = scope["path"]
        self.route = route_of(scope, self.status, self.path, app)
        self.code: str = scope["state"].get("problem_code", "")
        self.broken = self.started > 0 and isinstance(raised, Exception)
        failed = self.broken or self.status >= FAULT
        self.fault = (raised or scope["state"].get("unexpected")) if failed else None

    def _streamed_events(self) -> bool:
        return any(
            name == b"content-type" and value.startswith(b"text/event-stream") for name, value in self.headers
        )
