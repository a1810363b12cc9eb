import asyncio

from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.errors import Unavailable
from bedplate.platform.http.outgoing import Outgoing, outgoing

OPT = "timeout"
"""Beside a route: seconds of its own."""


class Deadlines:
    """Cancels requests that have not begun to answer in time: one timer for all that wait equally long.

    A timer a request (`asyncio.timeout`) costs more than the rest of its layers together.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[_Waiting, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, answer: Outgoing) -> "_Waiting":
        """Start the clock of the current task."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(answer, loop.time() + self._seconds)
        self._waiting[waiting] = None
        if self._timer is None or self._loop is not loop:
            self._loop, self._timer = loop, loop.call_at(waiting.due, self._look)
        return waiting

    def end(self, waiting: "_Waiting") -> None:
        """Stop it."""
        self._waiting.pop(waiting, None)

    def _look(self) -> None:
        assert self._loop is not None  # noqa: S101 - the timer was set on it
        now = self._loop.time()
        due: list[_Waiting] = []
        for waiting in self._waiting:
            if waiting.due > now:
                break
            due.append(waiting)
        for waiting in due:
            del self._waiting[waiting]
            waiting.expire()
        # The first that waits is the next that is due; a pause keeps a full house from one timer each.
        following = next(iter(self._waiting), None)
        self._timer = following and self._loop.call_at(
            max(following.due, now + self._seconds / 20), self._look
        )


class _Waiting:
    __slots__ = ("answer", "cancelling", "due", "expired", "task")

    def __init__(self, answer: Outgoing, due: float) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a request is served by a task
        self.task = task
        self.answer = answer
        self.due = due
        self.cancelling = task.cancelling()
        self.expired = False

    def expire(self) -> None:
        # A stream, once begun, takes as long as it likes.
        if not self.answer.started:
            self.expired = True
            self.task.cancel()


class DeadlineLayer:
    """Gives a request so long to begin its answer."""

    def __init__(self, app: ASGIApp, deadlines: Deadlines) -> None:
        self.app = app
        self._deadlines = deadlines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        waiting = self._deadlines.begin(outgoing(scope))
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError as error:
            if waiting.expired and waiting.task.uncancel() <= waiting.cancelling:
                raise Unavailable("The request took too long", retry_after=5) from error
            raise
        finally:
            self._deadlines.end(waiting)


def deadline_layer(app: ASGIApp, handler: BaseRouteHandler, deadlines: Deadlines) -> ASGIApp:
    """Hold a route to its own `timeout`, in seconds, else to that of all."""
    own: float | None = handler.opt.get(OPT)
    return DeadlineLayer(app, deadlines if own is None else Deadlines(own))
