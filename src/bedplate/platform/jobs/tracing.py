from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

type Capture = Callable[[], str | None]
type Attach = Callable[[str | None, str], AbstractContextManager[object]]


def _nothing() -> str | None:
    return None


def _plain(_traceparent: str | None, _task: str) -> AbstractContextManager[object]:
    return nullcontext()


class Tracing:
    """Where telemetry attaches.

    `capture` gives the current W3C traceparent when a job is enqueued; `attach` opens the span of an
    attempt, given that traceparent and the task's name.
    """

    def __init__(self) -> None:
        self.capture: Capture = _nothing
        self.attach: Attach = _plain


tracing = Tracing()
