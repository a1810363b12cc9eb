"""What takes part: the service under `bedplate up`, a real Prometheus, and a page of other exporters."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import asyncpg
import httpx
from windows import write

AWAY = "http://127.0.0.1:9"
START_SECONDS = 180
PASSWORD = "a long enough phrase 42"
SETTINGS = {
    "BEDPLATE_TELEMETRY_LOG_FORMAT": "json",
    # A collector and a mail server that are away, and pools that are soon used up.
    "OTEL_EXPORTER_OTLP_ENDPOINT": AWAY,
    "BEDPLATE_TELEMETRY_SAMPLE_RATIO": "1",
    "BEDPLATE_MAIL_SMTP_URL": "smtp://127.0.0.1:9",
    "BEDPLATE_DATABASE_POOL_SIZE": "2",
    "BEDPLATE_DATABASE_READ_POOL_SIZE": "2",
    "BEDPLATE_DATABASE_POOL_TIMEOUT": "2",
    "BEDPLATE_AUTH_ARGON2_MEMORY": "64",
    "BEDPLATE_AUTH_ARGON2_TIME": "1",
}


class Service:
    """The service and what may be done to it."""

    def __init__(self, process: subprocess.Popen[bytes], told: dict[str, str], log: Path) -> None:
        self.process = process
        self.log = log
        self.folder = log.with_suffix("")
        self.told = told
        self.metrics = told["metrics"]
        self.database_url = told["database_url"]
        self.http = httpx.AsyncClient(base_url=told["api"], timeout=10)

    async def sql(self, *statements: str) -> list[Any]:
        """Run statements as the application; returns the last one's rows."""
        connection = await asyncpg.connect(self.database_url)
        try:
            rows: list[Any] = []
            for statement in statements:
                rows = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    def child(self, word: str) -> int:
        """The process whose command line has a word: one that `up` started, or that one of those did."""
        parents = {self.process.pid}
        for _ in range(3):
            parents |= {pid for pid in _pids() if _parent(pid) in parents}
        return max(pid for pid in parents if word in _command(pid))

    def stop(self) -> None:
        """Stop it as an operator would."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Prometheus:
    """A Prometheus of its own with the shortened rules."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = httpx.AsyncClient(base_url=origin, timeout=10)

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """An instant query's series."""
        answer = await self.http.get("/api/v1/query", params={"query": expression})
        return answer.json()["data"]["result"]

    async def firing(self, alert: str) -> dict[str, str] | None:
        """The labels of an alert that fires now."""
        found = await self.query(f'ALERTS{{alertname="{alert}",alertstate="firing"}}')
        return found[0]["metric"] if found else None


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """Run `bedplate up`."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BEDPLATE_")} | SETTINGS
    command = [sys.executable, "-m", "bedplate", "up", "--json", "--port", "0", "--data-dir", str(folder)]
    log = folder.with_suffix(".log")
    with log.open("wb") as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors)
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                sys.exit(f"bedplate up did not start:\n{log.read_text('utf-8')}")
            yield Service(process, json.loads(line), log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(60)


@contextmanager
def watching(folder: Path, service: Service, neighbours: str) -> Iterator[Prometheus]:
    """Run Prometheus."""
    program = shutil.which("prometheus")
    if program is None:
        sys.exit("prometheus is not here; install Debian's package")
    write(folder, metrics=service.metrics, neighbours=neighbours)
    port = free_port()
    command = [
        program,
        "--config.file=prometheus.yaml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    process = subprocess.Popen(command, cwd=folder)
    try:
        _wait_for(f"http://127.0.0.1:{port}/-/ready")
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def neighbours() -> Iterator[str]:
    """Serve what postgres_exporter and blackbox_exporter would say on a bad day; yields host and port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"pg_replication_lag_seconds 45\nprobe_ssl_earliest_cert_expiry {time.time() + 86_400}\n"
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def held(pid: int) -> Iterator[None]:
    """Hold a process still meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def locked(url: str, table: str) -> AsyncIterator[None]:
    """Hold a table meanwhile."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f"lock table {table} in access exclusive mode")
            yield
    finally:
        await connection.close()


async def administrator(service: Service) -> dict[str, str]:
    """What makes a request the administrator's."""
    body = {"email": service.told["admin_email"], "password": service.told["admin_password"]}
    answer = await service.http.post("/v1/auth/login", json=body)
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


async def sign_up(service: Service, name: str) -> None:
    """Add an account; the letter that follows is a job."""
    answer = await service.http.post(
        "/v1/auth/signup",
        json={"email": f"{name}-{time.time_ns()}@team.example", "password": PASSWORD, "name": name},
    )
    answer.raise_for_status()
    await asyncio.sleep(0)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(url).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    sys.exit(f"{url} does not answer")


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace").replace("\0", " ")


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0
