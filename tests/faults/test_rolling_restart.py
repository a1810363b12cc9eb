"""Two API processes and two workers renewed under load, behind the proxy of deploy/, with a migration meanwhile.

Needs HAProxy (Debian's `haproxy`), on the path or by HAPROXY; without it the rehearsal says that it did not run.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import pytest
from alembic import command
from alembic.config import Config

from bedplate.platform import revisions
from bedplate.platform.db import migrate
from bedplate.platform.embedded import Engines, EngineUrls
from bedplate.settings import Secret
from bedplate.settings.database import DatabaseSettings
from fixtures.locks import faults_of
from fixtures.people import sign_up
from fixtures.service import SECRET, free_port

HAPROXY = os.environ.get("HAPROXY") or shutil.which("haproxy")
PROXY = Path(__file__).parents[2] / "deploy/proxy/haproxy.cfg"
CLIENTS = 4
LEAST_REQUESTS = 200
PATIENCE = 300.0
# A release to come: a column, its index, and a check that is validated once all rows are read without its lock.
EXPAND = {
    "rehearsed": """
    op.add_column("plan", sa.Column("rehearsed", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint("rehearsed", "plan", "rehearsed >= 0", postgresql_not_valid=True)
""",
    "rehearsed_read": """
    op.execute("alter table plan validate constraint ck_plan_rehearsed")
""",
    "rehearsed_index": """
    with op.get_context().autocommit_block():
        op.drop_index("ix_plan_rehearsed", "plan", if_exists=True, postgresql_concurrently=True)
        op.create_index("ix_plan_rehearsed", "plan", ["rehearsed"], postgresql_concurrently=True)
""",
}
HEAD = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{former}"


def upgrade() -> None:
"""

pytestmark = [
    pytest.mark.faults,
    pytest.mark.nightly,
    pytest.mark.skipif(HAPROXY is None, reason="HAProxy is not here: no rolling restart was rehearsed"),
]


@dataclass
class Stage:
    """The servers, the proxy, and the processes by name; each is started, drained and ended alone."""

    urls: EngineUrls
    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {n: free_port() for n in ("one", "two", "proxy")})
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.ports['proxy']}"

    @property
    def database(self) -> DatabaseSettings:
        return DatabaseSettings(url=Secret(self.urls.database_url), owner_url=Secret(self.urls.owner_url))

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BEDPLATE_")}
        kept.pop("LD_LIBRARY_PATH", None)  # may be there for the proxy
        return kept | {
            "BEDPLATE_SERVICE_ENVIRONMENT": "test",
            "BEDPLATE_DATABASE_URL": self.urls.database_url,
            "BEDPLATE_REDIS_URL": self.urls.redis_url,
            "BEDPLATE_AUTH_SECRET": SECRET,
            "BEDPLATE_AUTH_ALLOW_RESERVED_DOMAINS": "true",
            "BEDPLATE_HTTP_PUBLIC_URL": "http://bedplate.test",
            "BEDPLATE_HTTP_TRUSTED_PROXIES": "127.0.0.1/32",
            "BEDPLATE_LIMITS_ENABLED": "false",
            "BEDPLATE_TELEMETRY_LOG_LEVEL": "error",
            "BEDPLATE_TELEMETRY_ACCESS_LOG": "false",
            "BEDPLATE_JOBS_GRACE": "5",
        }

    def start_api(self, name: str) -> None:
        arguments = ("granian", "--interface", "asgi", "--factory", "bedplate.app:create_app")
        options = (
            "--port",
            str(self.ports[name]),
            "--workers-kill-timeout",
            "10",
            "--no-ws",
            "--log-level",
            "error",
        )
        self._spawn(name, *arguments, *options)
        self.until(lambda: answers(f"http://127.0.0.1:{self.ports[name]}/health/ready"))

    def start_worker(self, name: str) -> None:
        self._spawn(name, "bedplate", "worker")

    def start_proxy(self) -> None:
        environment = os.environ | {
            "PROXY_LISTEN": f"127.0.0.1:{self.ports['proxy']}",
            "PROXY_ADMIN_SOCKET": str(self.folder / "admin.sock"),
            "API_ONE": f"127.0.0.1:{self.ports['one']}",
            "API_TWO": f"127.0.0.1:{self.ports['two']}",
        }
        self.processes["proxy"] = subprocess.Popen([str(HAPROXY), "-f", str(PROXY)], env=environment)
        self.until(lambda: answers(f"{self.origin}/health/ready"))

    def renew_api(self, name: str) -> None:
        """As docs/how-to/zero-downtime.md tells: drain, wait until nobody is served, end, start, let in."""
        self.admin(f"set server api/{name} state drain")
        self.until(lambda: self.serving(name) == 0)
        self.end(name)
        self.start_api(name)
        self.admin(f"set server api/{name} state ready")
        self.until(lambda: self.state(name) == "UP")

    def renew_worker(self, name: str) -> None:
        self.end(name)
        self.start_worker(name)

    def end(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()

    def admin(self, line: str) -> str:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.folder / "admin.sock"))
            control.sendall(line.encode() + b"\n")
            return b"".join(iter(lambda: control.recv(65536), b"")).decode()

    def serving(self, name: str) -> int:
        return int(self._statistics(name)["scur"])

    def state(self, name: str) -> str:
        return self._statistics(name)["status"]

    def until(self, look: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not look():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _statistics(self, name: str) -> dict[str, str]:
        head, *rows = self.admin("show stat").strip().split("\n")
        keys = head.removeprefix("# ").split(",")
        return next(
            s for row in rows if (s := dict(zip(keys, row.split(","), strict=False)))["svname"] == name
        )

    def _spawn(self, name: str, *words: str) -> None:
        self.processes[name] = subprocess.Popen([sys.executable, "-m", *words], env=self.environment())


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def stage() -> Iterator[Stage]:
    folder = Path(tempfile.mkdtemp(prefix="bedplate-rolling-"))
    folder.chmod(0o711)  # the account that runs PostgreSQL for root passes through
    with Engines(folder, durable=False) as engines:
        stage = Stage(engines.urls, folder)
        try:
            migrate.upgrade(stage.database)
            for name in ("one", "two"):
                stage.start_api(name)
            for name in ("worker-one", "worker-two"):
                stage.start_worker(name)
            stage.start_proxy()
            yield stage
        finally:
            for name in list(stage.processes):
                stage.end(name)
    shutil.rmtree(folder, ignore_errors=True)


def scripts_to_come(folder: Path) -> Config:
    """Migrations of a release to come, after those that there are; the linter lets them through."""
    scripts = folder / "scripts"
    shutil.copytree(revisions.scripts_folder() / "migrations", scripts)
    former = revisions.head()
    for revision, body in EXPAND.items():
        head = HEAD.format(revision=revision, former=former)
        (scripts / f"versions/{revision}.py").write_text(head + body)
        former = revision
    config = migrate.alembic_config("")
    config.set_main_option("script_location", str(scripts))
    assert faults_of(config) == []
    return config


def expand(stage: Stage) -> None:
    """Migrate as a team would, while the former code runs."""
    config = scripts_to_come(stage.folder)
    config.attributes["url"] = stage.urls.owner_url
    command.upgrade(config, "head")


@dataclass
class Load:
    """Clients that read, write and start jobs until told to stop; every answer that is no success is kept."""

    origin: str
    requests: int = 0
    failures: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def client(self, number: int) -> None:
        async with httpx.AsyncClient(base_url=self.origin, timeout=60) as client:
            person = await sign_up(client, f"rolling-{number}@team.example")
            client.headers.update(person.headers)
            turn = 0
            while not self.stopping.is_set():
                turn += 1
                await self.count(client.get("/v1/me"))
                plan = await self.count(
                    client.post("/v1/plans", json={"key": f"p-{turn}", "title": "Rolling"})
                )
                if plan is not None:
                    await self.start_job(client, plan.json()["id"])

    async def start_job(self, client: httpx.AsyncClient, plan_id: str) -> None:
        answer = await self.count(client.post(f"/v1/plans/{plan_id}/exports", json={}))
        if answer is not None:
            self.jobs.append(answer.headers["Location"].rpartition("/")[2])

    async def count(self, sent: Awaitable[httpx.Response]) -> httpx.Response | None:
        self.requests += 1
        try:
            answer = await sent
        except httpx.HTTPError as error:
            self.failures.append(f"{type(error).__name__}: {error}")
            return None
        if not answer.is_success:
            self.failures.append(
                f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
            )
            return None
        return answer


async def states(url: str, jobs: list[str]) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "select state, count(*) from job where id = any($1::uuid[]) group by state", jobs
        )
        return {row[0]: row[1] for row in rows}
    finally:
        await connection.close()


async def test_no_request_fails_and_no_job_is_lost(stage: Stage) -> None:
    load = Load(stage.origin)
    clients = [asyncio.create_task(load.client(number)) for number in range(CLIENTS)]
    try:
        await asyncio.to_thread(stage.renew_api, "one")
        await asyncio.to_thread(stage.renew_worker, "worker-one")
        await asyncio.to_thread(expand, stage)
        await asyncio.to_thread(stage.renew_api, "two")
        await asyncio.to_thread(stage.renew_worker, "worker-two")
    finally:
        load.stopping.set()
        await asyncio.gather(*clients)
    assert load.failures == []
    assert load.requests > LEAST_REQUESTS
    deadline = time.monotonic() + PATIENCE
    while (found := await states(stage.urls.owner_url, load.jobs)) != {"succeeded": len(load.jobs)}:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)
    print(f"{load.requests} requests, {len(load.jobs)} jobs, none failed or lost")
