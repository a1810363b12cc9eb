"""What telemetry costs: CPU a request, layer by layer, over the same bare handler in the same run.

`python bench/telemetry.py [--requests N] [--rounds N]`; access lines go to /dev/null, traces to a sender that encodes
them as OTLP and throws the bytes away. In multi-process mode the metrics are written to shared files, as in
production: `--multiprocess`.
"""

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from bedplate.platform.telemetry.multiprocess import prepare
from bedplate.settings.telemetry import TelemetrySettings

type App = Callable[[Any, Any, Any], Awaitable[None]]

HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"bench"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip"),
    (b"connection", b"keep-alive"),
    (b"authorization", b"Bearer none"),
]
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
BODY = {"type": "http.response.body", "body": b"{}"}
SPANS = 3
MICRO = 1e6


class Handler:
    """A request of `/v1/me` after routing."""

    paths = frozenset({"/v1/me"})


class EncodingSender:
    """Does all of an exporter's work but the sending."""

    def export(self, spans: Sequence[Any]) -> None:
        from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

        encode_spans(spans).SerializeToString()

    def shutdown(self) -> None:
        return


async def bare(scope: Any, _receive: Any, send: Any) -> None:
    """Answer, with three places on the way where a span may be opened."""
    from bedplate.platform.telemetry import span

    scope["path_template"] = "/v1/me"
    scope["route_handler"] = Handler
    for _ in range(SPANS):
        with span("GET", "client"):
            pass
    await send(dict(START))
    await send(BODY)


def edge(app: App) -> App:
    """What a request has without telemetry: an id and the answer's headers."""
    from bedplate.platform.http.outgoing import STATE
    from bedplate.platform.telemetry.exchange import Exchange
    from bedplate.platform.telemetry.traceparent import new_trace_id

    class Edge:
        def __init__(self, app: App) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            state = scope["state"]
            request_id = state["request_id"] = new_trace_id()
            outermost = state[STATE] = Exchange(send, scope)
            outermost.fields.append((b"x-request-id", request_id.encode("ascii")))
            await self.app(scope, receive, outermost)

    return Edge(app)


async def measure(app: App, requests: int) -> float:
    """CPU seconds a request, of every thread of the process."""

    async def send(_message: Any) -> None:
        return

    before = time.process_time()
    for _ in range(requests):
        scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": "/v1/me",
            "raw_path": b"/v1/me",
            "http_version": "1.1",
            "scheme": "http",
            "headers": HEADERS,
            "client": ("127.0.0.1", 1234),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        await app(scope, None, send)
    await asyncio.sleep(0.7)
    return (time.process_time() - before) / requests


def layers() -> dict[str, TelemetrySettings]:
    """What is switched on, row by row."""
    off: dict[str, Any] = {
        "sample_ratio": 0.0,
        "access_log": False,
        "request_metrics": False,
        "log_format": "json",
    }
    rows: dict[str, dict[str, Any]] = {
        "all off": {},
        "metrics": {"request_metrics": True},
        "access line": {"access_log": True},
        "traces at 0 %": {"otlp_endpoint": "http://none"},
        "traces at 10 %": {"otlp_endpoint": "http://none", "sample_ratio": 0.1},
        "traces at 100 %": {"otlp_endpoint": "http://none", "sample_ratio": 1.0},
        "all, traces at 10 %": {
            "otlp_endpoint": "http://none",
            "sample_ratio": 0.1,
            "access_log": True,
            "request_metrics": True,
        },
    }
    return {name: TelemetrySettings(**{**off, **row}) for name, row in rows.items()}


async def run(requests: int, rounds: int) -> None:
    """Measure every row `rounds` times, in turns, and print the least over what a request costs without.

    The least, since whatever else the machine does only adds.
    """
    from bedplate.platform.telemetry.assembly import Telemetry

    costs: dict[str, list[float]] = {}
    for _ in range(rounds):
        costs.setdefault("bare handler", []).append(await measure(bare, requests))
        costs.setdefault("with an id and headers", []).append(await measure(edge(bare), requests))
        for name, settings in layers().items():
            sender = EncodingSender() if settings.otlp_endpoint else None
            telemetry = Telemetry(settings, service="bench", version="0", sender=sender)
            async with telemetry.lifespan():
                costs.setdefault(name, []).append(await measure(telemetry.wrap(bare), requests))
    without = min(costs["with an id and headers"])
    for name, measured in costs.items():
        least = min(measured)
        over = (
            "" if name in {"bare handler", "with an id and headers"} else f"{(least - without) * MICRO:+8.1f}"
        )
        print(f"{name:<28}{least * MICRO:8.1f} µs {over}")


def main() -> None:
    """Parse options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--multiprocess", action="store_true")
    options = parser.parse_args()
    lines = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(lines):
        if options.multiprocess:
            os.environ.update(prepare(Path(folder)))
        asyncio.run(run(options.requests, options.rounds))


if __name__ == "__main__":
    main()
