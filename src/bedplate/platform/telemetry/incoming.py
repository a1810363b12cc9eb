import re
import time
from collections.abc import Iterable

from bedplate.platform.telemetry import traceparent as w3c
from bedplate.platform.telemetry.spans import Keeper, Span, Trace

_SANE_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{7,63}", re.ASCII)

_OURS = (b"x-request-id", b"traceparent")


class Incoming:
    """Begins a request's trace: from the caller's traceparent and request id where they are sane."""

    def __init__(self, ratio: float, allowance: int, keeper: Keeper | None) -> None:
        self._ratio = w3c.Ratio(ratio)
        self._allowance = allowance
        self.keeper = keeper
        self._second = 0
        self._granted = 0

    def begin(self, headers: Iterable[tuple[bytes, bytes]]) -> Span:
        """Return the request's span in its trace, below the caller's span if there is one.

        The caller's *sampled* flag is honoured as far as the allowance goes, as anybody may set it; that it is
        not set does not lessen our own share. A request without an id of its own is known by its trace's.
        """
        request_id = ""
        remote: w3c.Traceparent | None = None
        for name, value in headers:
            if name in _OURS:
                if name == b"traceparent":
                    remote = w3c.parse(value.decode("latin-1"))
                elif _SANE_ID.fullmatch(value):
                    request_id = value.decode("ascii")
        if remote is not None:
            return self._carry_on(remote, request_id)
        trace_id = w3c.new_trace_id()
        # Without a keeper the ids still go along: by them a job's row and the log lead back to the request.
        sampled = self.keeper is not None and self._ratio.takes(trace_id)
        trace = Trace(trace_id, self.keeper, request_id or trace_id, sampled=sampled)
        return Span(trace, None, "", "server")

    def _carry_on(self, remote: w3c.Traceparent, request_id: str) -> Span:
        trace_id, sampled = remote.trace_id, remote.sampled
        if self.keeper is not None:
            sampled = self._ratio.takes(trace_id) or (sampled and self._grant())
        trace = Trace(trace_id, self.keeper, request_id or trace_id, sampled=sampled)
        return Span(trace, Span.known(trace, remote.span_id), "", "server")

    def _grant(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._granted = second, 0
        self._granted += 1
        return self._granted <= self._allowance
