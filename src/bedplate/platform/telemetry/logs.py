import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bedplate.platform.telemetry.output import write_line
from bedplate.platform.telemetry.redact import redact
from bedplate.platform.telemetry.spans import CURRENT
from bedplate.settings.telemetry import TelemetrySettings

_SERVER = ("_granian", "granian.access")
_QUIET = ("httpx", "httpcore", "asyncio", "saq", "urllib3")
_encode = msgspec.json.Encoder(enc_hook=str, order="deterministic").encode


def as_json(settings: TelemetrySettings) -> bool:
    """Whether lines are JSON: by setting, else wherever no person watches the terminal."""
    return settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())


def configure_logging(settings: TelemetrySettings) -> None:
    """Send structlog's and the standard library's records, redacted, to standard error, a line each.

    May be called again; a server's or a test's own handlers on the root logger stay.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        _add_ids,
    ]
    last: list[Processor] = [
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redacted,
        _json_renderer if as_json(settings) else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
    ]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_line_logger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    _route_stdlib(level, formatter)


class _LineHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            write_line(self.format(record).encode() + b"\n")
        except Exception:  # noqa: BLE001 - the standard library's rule: a handler reports and never raises
            self.handleError(record)


class _LineLogger:
    """The end of structlog's chain."""

    def msg(self, line: str | bytes) -> None:
        write_line((line if isinstance(line, bytes) else line.encode()) + b"\n")

    debug = info = warning = error = critical = fatal = exception = log = msg


def _line_logger(*_: object) -> _LineLogger:
    return _LineLogger()


def _route_stdlib(level: int, formatter: logging.Formatter) -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _LineHandler)]:
        root.removeHandler(handler)
    handler = _LineHandler()
    handler.setFormatter(formatter)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _SERVER:
        # Granian's handlers write to standard output, as plain text.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def _add_ids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    here = CURRENT.get()
    if here is not None:
        trace = here.trace
        if trace.request_id:
            event.setdefault("request_id", trace.request_id)
        if trace.trace_id:
            event.setdefault("trace_id", trace.trace_id)
        if trace.keeper is not None:
            event.setdefault("span_id", here.id)
    return event


def _redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    meta = {name: event.pop(name) for name in ("_record", "_from_structlog") if name in event}
    clean: MutableMapping[str, Any] = redact(dict(event))
    clean.update(meta)
    return clean


def _json_renderer(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return _encode(event).decode()
