import re
import time
from collections.abc import Iterable

from bedplate.platform.telemetry import traceparent as w3c
from bedplate.platform.telemetry.spans import Keeper, Span, Trace

_SANE_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{7,63}", re.ASCII)


class Incoming:
    """Begins a request's trace: from the caller's traceparent and request id where they are sane."""

    def __init__(self, ratio: float, allowance: int, keeper: Keeper | None) -> None:
        self._ratio = w3c.Ratio(ratio)
        self._allowance = allowance
        self._keeper = keeper
        self._second = 0
        self._granted = 0

    def begin(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[Trace, Span | None]:
        """Return the trace, and the caller's span if there is one.

        The caller's *sampled* flag is honoured as far as the allowance goes, as anybody may set it; that it is
        not set does not lessen our own share. A request without an id of its own is known by its trace's.
        """
        request_id = ""
        remote: w3c.Traceparent | None = None
        for name, value in headers:
            if name == b"x-request-id":
                if _SANE_ID.fullmatch(value):
                    request_id = value.decode("ascii")
            elif name == b"traceparent":
                remote = w3c.parse(value.decode("latin-1"))
        trace_id = remote.trace_id if remote else w3c.new_trace_id()
        if self._keeper is None:
            known = trace_id if remote else ""
            trace = Trace(known, sampled=remote is not None and remote.sampled, keeper=None)
        else:
            sampled = self._ratio.takes(trace_id) or (remote is not None and remote.sampled and self._grant())
            trace = Trace(trace_id, sampled=sampled, keeper=self._keeper)
        trace.request_id = request_id or trace_id
        return trace, None if remote is None else Span(trace, None, "", span_id=remote.span_id)

    def _grant(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._granted = second, 0
        self._granted += 1
        return self._granted <= self._allowance
