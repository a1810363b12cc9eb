from collections.abc import Mapping
from contextvars import ContextVar, Token
from time import perf_counter_ns
from types import TracebackType
from typing import Final, Literal, Protocol, Self

from bedplate.platform.errors import Failure
from bedplate.platform.telemetry.traceparent import Traceparent, new_span_id, render

type Value = str | bool | int | float
type Kind = Literal["internal", "server", "client", "producer", "consumer"]

MOST_SPANS = 1000
SQL: Final = "db.statement"
"""The attribute that holds a statement's text until export, which tells a summary of it and not the text."""

ROWS: Final = "db.response.returned_rows"
"""How many rows came back; export leaves it out of a write that returns none."""

_FAULT = 500
_NONE: Mapping[str, Value] = {}


class Keeper(Protocol):
    """Takes the traces that are kept."""

    def keep(self, trace: "Trace") -> None:
        """Queue a trace for export; never blocks, never raises."""
        ...


class Trace:
    """One process's part of a trace: its spans as they end, until it is known whether they are kept.

    Without a keeper nothing is recorded, and only the ids are carried: for logs and to hand on.
    """

    # Defaults of the class: every request makes one of these, and most never change them.
    ended: "list[Span] | None" = None
    failed = False
    done = False
    dropped = 0

    def __init__(self, trace_id: str, keeper: Keeper | None, request_id: str = "", *, sampled: bool) -> None:
        self.trace_id = trace_id
        self.keeper = keeper
        self.request_id = request_id
        self.sampled = sampled

    def add(self, span: "Span") -> None:
        """Take a span that ended; one that outlives its trace follows it if that was kept."""
        if self.done and not self.sampled:
            return
        if self.ended is None:
            self.ended = [span]
        elif len(self.ended) < MOST_SPANS:
            self.ended.append(span)
        else:
            self.dropped += 1
            return
        if self.done and self.keeper is not None:
            self.keeper.keep(self)

    def finish(self, *, keep: bool) -> None:
        """End the trace here: export it, or forget its spans."""
        self.done = True
        self.sampled = self.sampled or keep
        if self.sampled and self.keeper is not None:
            self.keeper.keep(self)
        else:
            self.ended = None

    def take(self) -> "list[Span]":
        """Hand over the spans that have ended so far."""
        taken, self.ended = self.ended, None
        return taken or []


class Span:
    """A span under way, and its context manager; times are of `perf_counter_ns`, turned at export."""

    recorded = True
    attributes: Mapping[str, Value] = _NONE
    links: tuple[Traceparent, ...] = ()
    start = 0
    end = 0
    error = ""
    _id = ""
    _token: Token["Span | None"]

    def __init__(
        self,
        trace: Trace,
        parent: "Span | None",
        name: str,
        kind: Kind = "internal",
        attributes: Mapping[str, Value] | None = None,
    ) -> None:
        self.trace = trace
        self.parent = parent
        self.name = name
        self.kind: Kind = kind
        if attributes:
            self.attributes = attributes

    @classmethod
    def known(cls, trace: Trace, span_id: str) -> "Span":
        """A span of another process, as a parent."""
        span = cls(trace, None, "")
        span._id = span_id
        return span

    def keyed(self, span_id: str, links: tuple[Traceparent, ...]) -> Self:
        """Give the span an id that others can work out, and links."""
        self._id = span_id
        self.links = links
        return self

    @property
    def id(self) -> str:
        """The span's id; made when first asked for, as most spans are never kept."""
        if not self._id:
            self._id = new_span_id()
        return self._id

    def set(self, **attributes: Value) -> None:
        """Add attributes; secrets and personal data are not for spans."""
        self.attributes = {**self.attributes, **attributes}

    def __enter__(self) -> Self:
        self._token = CURRENT.set(self)
        self.start = perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.end = perf_counter_ns()
        CURRENT.reset(self._token)
        if error is not None:
            self.fail(error)
        self.trace.add(self)

    def fail(self, error: BaseException) -> None:
        """Mark the span by what was raised in it; a refusal (a `Failure` under 500) is an answer, no error."""
        if isinstance(error, Failure) and error.status < _FAULT:
            return
        # The type alone: messages quote values.
        self.error = type(error).__qualname__
        self.trace.failed = True


class _Unrecorded(Span):
    """Stands for every span that nobody keeps; what is set on it is forgotten."""

    recorded = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        return

    def set(self, **_attributes: Value) -> None:
        return


CURRENT: ContextVar[Span | None] = ContextVar("bedplate_span", default=None)
_UNRECORDED = _Unrecorded(Trace("", None, sampled=False), None, "")


def span(name: str, kind: Kind = "internal", **attributes: Value) -> Span:
    """Open a span, to be used as a context manager; where nothing is recorded it does nothing."""
    parent = CURRENT.get()
    if parent is None or parent.trace.keeper is None:
        return _UNRECORDED
    return Span(parent.trace, parent, name, kind, attributes)


def recording() -> Span | None:
    """Return the span to hang a `leaf` under, or nothing where none is recorded."""
    parent = CURRENT.get()
    return None if parent is None or parent.trace.keeper is None else parent


def note(name: str, value: Value) -> None:
    """Tell something on the span that is open, if one is recorded; what was told before stays beside it."""
    here = recording()
    if here is not None:
        told = here.attributes.get(name)
        here.attributes = {**here.attributes, name: value if told is None else f"{told} {value}"}


def leaf(
    parent: Span,
    name: str,
    start: int,
    kind: Kind = "client",
    attributes: Mapping[str, Value] = _NONE,
    error: BaseException | None = None,
) -> None:
    """Record a span that has just ended and has no children; `start` is its `perf_counter_ns`."""
    ended = Span(parent.trace, parent, name, kind, attributes)
    ended.start = start
    ended.end = perf_counter_ns()
    if error is not None:
        ended.fail(error)
    parent.trace.add(ended)


def current_traceparent() -> str | None:
    """Write the present place in the trace as a W3C traceparent, to hand to whatever follows."""
    here = CURRENT.get()
    if here is None:
        return None
    return render(here.trace.trace_id, here.id, sampled=here.trace.sampled)
