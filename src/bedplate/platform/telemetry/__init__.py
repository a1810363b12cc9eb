"""Traces, metrics and logs: one outermost wrapper a request, spans anywhere, metrics declared where they count.

`Telemetry` itself is in `assembly`: it imports prometheus-client, which chooses single or multi-process mode
as it is imported, so an entry point calls `multiprocess.prepare` before.
"""

from bedplate.platform.telemetry.attach import attach, begun
from bedplate.platform.telemetry.spans import current_traceparent, note, span

__all__ = ["attach", "begun", "current_traceparent", "note", "span"]
