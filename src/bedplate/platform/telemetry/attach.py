from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from hashlib import blake2b
from math import inf

from bedplate.platform.telemetry import traceparent as w3c
from bedplate.platform.telemetry.spans import CURRENT, Keeper, Kind, Span, Trace, Value, span


class _Process:
    """What work outside requests is recorded by: the process's one keeper and ratio, set at start."""

    keeper: Keeper | None = None
    ratio = w3c.Ratio(0)
    slow = inf
    """Seconds from which a unit of work is kept for its length."""


PROCESS = _Process()


@contextmanager
def attach(
    traceparent: str | None,
    name: str,
    kind: Kind = "consumer",
    *,
    key: str = "",
    follows: str = "",
    **attributes: Value,
) -> Generator[Span]:
    """Carry on a trace in this process: open the span of a unit of work that another one caused.

    Without a traceparent a trace begins. `key` names the unit (a job and its attempt): the span's id is made
    from it, so that a later attempt can link to it, by naming it in `follows`, without having been told.
    The trace is kept when its beginning was, when something failed in it, or when it took long.
    """
    remote = w3c.parse(traceparent) if traceparent else None
    trace_id = remote.trace_id if remote else w3c.new_trace_id()
    sampled = remote.sampled if remote else PROCESS.ratio.takes(trace_id)
    trace = Trace(trace_id, PROCESS.keeper, sampled=sampled)
    origin = Span.known(trace, remote.span_id) if remote else None
    span_id = _id_of(key) if key else ""
    linked = (w3c.Traceparent(trace_id, _id_of(follows), sampled),) if follows and remote else ()
    root = Span(trace, origin, name, kind, attributes).keyed(span_id, linked)
    try:
        with root:
            yield root
    finally:
        trace.finish(keep=trace.failed or root.end - root.start >= PROCESS.slow * 1e9)


def begun(name: str, kind: Kind = "internal", **attributes: Value) -> AbstractContextManager[Span]:
    """Open a span; where no trace is under way one begins with it, so that what is handed on has one."""
    if CURRENT.get() is not None:
        return span(name, kind, **attributes)
    return attach(None, name, kind, key="", follows="", **attributes)


def _id_of(key: str) -> str:
    return blake2b(key.encode(), digest_size=8).hexdigest()
