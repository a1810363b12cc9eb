import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bedplate.platform.jobs.worker import JobsWorker
from bedplate.platform.telemetry.scrape import metrics_handler

STALE_INTERVALS = 10
HEAD_SECONDS = 5.0
TEXT = "text/plain; charset=utf-8"


class WorkerHealth:
    """A worker's own answers: /health/live, /health/ready and /metrics, for probes and scrapers alone."""

    def __init__(self, worker: JobsWorker, *, poll_interval: float) -> None:
        self._worker = worker
        self._patience = max(5.0, poll_interval * STALE_INTERVALS)

    @asynccontextmanager
    async def lifespan(self, host: str, port: int) -> AsyncGenerator[int]:
        """Serve; yields the port, which the system chooses when 0 is asked for."""
        server = await asyncio.start_server(self._answer, host, port)
        async with server:
            yield int(server.sockets[0].getsockname()[1])

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode("ascii", "replace")
                writer.write(await self._render(path))
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, IndexError):
            return
        finally:
            writer.close()

    async def _render(self, path: str) -> bytes:
        if path == "/metrics":
            body, kind = await metrics_handler()
            return _response("200 OK", kind, body)
        if path == "/health/live":
            return _response("200 OK", TEXT, b"alive\n")
        if path == "/health/ready":
            ready, body = self._readiness()
            return _response("200 OK" if ready else "503 Service Unavailable", TEXT, body)
        return _response("404 Not Found", TEXT, b"")

    def _readiness(self) -> tuple[bool, bytes]:
        worker = self._worker
        if worker.stopping.is_set():
            return False, b"stopping\n"
        # Either the ledger does not answer, or the loop is blocked.
        if time.monotonic() - worker.relay.ticked_at >= self._patience or not worker.listener.alive:
            return False, b"failed: database\n"
        # Another worker would not do better, so none is taken out of service for it.
        return True, b"degraded: redis\n" if "due" in worker.relay.failing else b"ready\n"


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
