"""W3C Trace Context, version 00 (https://www.w3.org/TR/trace-context/)."""

import re
from random import getrandbits
from typing import NamedTuple

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_LOW_64_BITS = 16
_SAMPLED = 1
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


class Traceparent(NamedTuple):
    """The place in a trace that another process handed over; ids are lower-case hexadecimal."""

    trace_id: str
    span_id: str
    sampled: bool


def parse(text: str) -> Traceparent | None:
    """Read a traceparent header; what breaks the specification is as good as none."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    broken = version == "ff" or trace_id == _NO_TRACE or span_id == _NO_SPAN or (version == "00" and rest)
    return None if broken else Traceparent(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def render(trace_id: str, span_id: str, *, sampled: bool) -> str:
    """Write a traceparent header."""
    return f"00-{trace_id}-{span_id}-{'01' if sampled else '00'}"


def new_trace_id() -> str:
    """Make a random trace id; it names, and guards nothing, so it needs no system call."""
    return f"{getrandbits(128):032x}"


def new_span_id() -> str:
    """Make a random span id."""
    return f"{getrandbits(64):016x}"


class Ratio:
    """Decides by trace id, so that every process decides alike (OpenTelemetry's TraceIdRatioBased)."""

    __slots__ = ("_bound",)

    def __init__(self, ratio: float) -> None:
        self._bound = round(ratio * 2**64)

    def takes(self, trace_id: str) -> bool:
        """Whether the trace is in the sample."""
        return int(trace_id[_LOW_64_BITS:], 16) < self._bound
