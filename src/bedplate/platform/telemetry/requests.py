import logging
from time import perf_counter_ns
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.http.outgoing import STATE as OUTGOING
from bedplate.platform.telemetry.access import AccessLog, access_line
from bedplate.platform.telemetry.exchange import FAULT, Exchange
from bedplate.platform.telemetry.incoming import Incoming
from bedplate.platform.telemetry.request_metrics import RequestMetrics
from bedplate.platform.telemetry.request_span import describe
from bedplate.platform.telemetry.spans import CURRENT

logger = logging.getLogger(__name__)


class RequestEdge:
    """The outermost wrapper of a request: its id, trace, metrics and access line.

    The route is read after the call: routing happens inside, and may not have happened at all. `routes` is the
    Litestar application, once it runs.
    """

    def __init__(
        self,
        app: ASGIApp,
        incoming: Incoming,
        metrics: RequestMetrics | None,
        log: AccessLog | None,
        slow: float,
    ) -> None:
        self.app = app
        self.routes: Any = None
        self._incoming = incoming
        self._metrics = metrics
        self._log = log
        self._slow = int(slow * 1e9)
        self._silent = metrics is None and log is None and incoming.keeper is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        root = self._incoming.begin(scope["headers"])
        exchange = Exchange(send, scope)
        exchange.root = root
        request_id = root.trace.request_id
        exchange.fields.append((b"x-request-id", request_id.encode("ascii")))
        state = scope["state"]
        state["request_id"] = request_id
        state[OUTGOING] = exchange
        token = CURRENT.set(root)
        raised: BaseException | None = None
        if not self._silent:
            root.start = perf_counter_ns()
        try:
            await self.app(scope, receive, exchange)
        except BaseException as error:
            raised = error
            raise
        finally:
            if not self._silent or raised is not None or exchange.status >= FAULT:
                self._finish(scope, exchange, raised)
            CURRENT.reset(token)

    def _finish(self, scope: Any, exchange: Exchange, raised: BaseException | None) -> None:
        exchange.finish(scope, self.routes, raised)
        if exchange.fault is not None:
            logger.error("unhandled error", exc_info=exchange.fault)
        if self._metrics is not None:
            self._metrics.observe(exchange)
        if self._log is not None:
            self._log(access_line(scope, exchange))
        trace = exchange.root.trace
        if trace.keeper is None:
            return
        failed = exchange.broken or exchange.status >= FAULT
        keep = trace.sampled or failed or exchange.elapsed >= self._slow
        if keep:
            describe(scope, exchange)
            trace.add(exchange.root)
            if self._metrics is not None:
                self._metrics.exemplify(exchange)
        trace.finish(keep=keep)
