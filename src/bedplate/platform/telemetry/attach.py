from collections.abc import Generator, Iterable
from contextlib import contextmanager

from bedplate.platform.telemetry import traceparent as w3c
from bedplate.platform.telemetry.spans import Keeper, Kind, Span, Trace, Value


class _Process:
    """What work outside requests is recorded by: the process's one keeper and ratio, set at start."""

    keeper: Keeper | None = None
    ratio = w3c.Ratio(0)


PROCESS = _Process()


@contextmanager
def attach(
    traceparent: str | None,
    name: str,
    kind: Kind = "consumer",
    links: Iterable[str | None] = (),
    **attributes: Value,
) -> Generator[Span]:
    """Carry on a trace in this process: open the span of a unit of work that another one caused.

    Without a traceparent a trace begins. `links` are the traceparents of earlier attempts at the same work.
    The trace is kept when its beginning was, or when something failed in it.
    """
    remote = w3c.parse(traceparent) if traceparent else None
    trace_id = remote.trace_id if remote else w3c.new_trace_id()
    sampled = remote.sampled if remote else PROCESS.ratio.takes(trace_id)
    trace = Trace(trace_id, sampled=sampled, keeper=PROCESS.keeper)
    origin = Span(trace, None, "", span_id=remote.span_id) if remote else None
    linked = tuple(found for text in links if text and (found := w3c.parse(text)))
    try:
        with Span(trace, origin, name, kind, attributes, links=linked) as root:
            yield root
    finally:
        trace.finish(keep=trace.failed)
