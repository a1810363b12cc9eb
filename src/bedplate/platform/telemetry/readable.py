"""From our spans to the SDK's, done by the exporting thread and for kept traces alone."""

import re
from functools import lru_cache
from time import perf_counter_ns, time_ns

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from bedplate.platform.telemetry.spans import ROWS, SQL, Span, Value

_KINDS = {kind.name.lower(): kind for kind in SpanKind}
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class ProcessResource(Resource):
    """A process's one resource: the SDK's hash encodes all of it as JSON, for every span."""

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


_SCOPE = InstrumentationScope("bedplate")
_UNSET = Status(StatusCode.UNSET)
_ERROR = Status(StatusCode.ERROR)
_TARGET = re.compile(
    r"\b(?:from|into|update|table|join)\s+(?:only\s+)?\"?([a-z_][\w.]*)", re.IGNORECASE | re.ASCII
)
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
_RETURNING = re.compile(r"\breturning\b", re.IGNORECASE)
_ASIDE = re.compile(r"/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'|\bextract\s*\([^()]*\)", re.DOTALL | re.IGNORECASE)


def readable(span: Span, resource: Resource, offset: int) -> ReadableSpan:
    """Build the SDK's span; `offset` turns `perf_counter_ns` into Unix time, see `clock_offset`."""
    name, attributes = _described(span)
    if span.error:
        attributes = {**attributes, "error.type": span.error}
    parent = span.parent
    return ReadableSpan(
        name=name,
        context=_context(span.trace.trace_id, span.id, remote=False),
        parent=None
        if parent is None
        else _context(parent.trace.trace_id, parent.id, remote=not parent.start),
        resource=resource,
        attributes=attributes,
        links=[Link(_context(link.trace_id, link.span_id, remote=True)) for link in span.links],
        kind=_KINDS[span.kind],
        status=_ERROR if span.error else _UNSET,
        start_time=span.start + offset,
        end_time=span.end + offset,
        instrumentation_scope=_SCOPE,
    )


def clock_offset() -> int:
    """Nanoseconds from the performance counter to Unix time, now."""
    return time_ns() - perf_counter_ns()


@lru_cache(maxsize=1024)
def sql_summary(statement: str) -> str:
    """Name a statement by its verb and the tables it touches: `SELECT account team`."""
    text = _ASIDE.sub(" ", statement)
    verb = text.split(maxsplit=1)[0].upper() if text.strip() else "SQL"
    tables = dict.fromkeys(found.group(1) for found in _TARGET.finditer(text))
    return " ".join([verb, *list(tables)[:4]])


def _described(span: Span) -> tuple[str, dict[str, Value]]:
    attributes = dict(span.attributes)
    statement = attributes.pop(SQL, None)
    if not isinstance(statement, str):
        return span.name, attributes
    summary = sql_summary(statement)
    attributes["db.system.name"] = "postgresql"
    attributes["db.query.summary"] = summary
    attributes["db.operation.name"] = verb = summary.partition(" ")[0]
    if verb in _WRITES and not _RETURNING.search(statement):
        attributes.pop(ROWS, None)
    return summary, attributes


def _context(trace_id: str, span_id: str, *, remote: bool) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=remote, trace_flags=_SAMPLED)
