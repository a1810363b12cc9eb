from time import perf_counter_ns
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from bedplate.platform.telemetry.spans import ROWS, SQL, leaf, recording

_BEGAN = "bedplate_began"


def trace_engine(engine: Engine) -> None:
    """Record a span for each statement, commit and roll-back of an engine; next to nothing when not recording."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)


def _begin(_connection: Any, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool) -> None:  # noqa: FBT001
    if context is not None and recording() is not None:
        context.bedplate_began = perf_counter_ns()


def _end(_connection: Any, cursor: Any, sql: str, _values: Any, context: Any, _many: bool) -> None:  # noqa: FBT001
    began, parent = getattr(context, _BEGAN, 0), recording()
    if began and parent is not None:
        # Only what has columns returns rows; of a write the count is of what it touched.
        told = {ROWS: cursor.rowcount} if cursor.description else {}
        leaf(parent, "sql", began, attributes={SQL: sql, **told})


def _fail(context: Any) -> None:
    began, parent = getattr(context.execution_context, _BEGAN, 0), recording()
    if began and parent is not None:
        error = context.original_exception
        leaf(parent, "sql", began, attributes={SQL: context.statement or ""}, error=error)
