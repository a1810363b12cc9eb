import asyncio
import errno
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, cast

import asyncpg
import msgspec

from bedplate.cli.children import (
    KILL_TIMEOUT,
    api_command,
    end_group,
    listener_origin,
    listening_address,
    server_limits,
    start_child,
    stop_children,
    worker_command,
)
from bedplate.cli.errors import CommandError
from bedplate.platform import revisions
from bedplate.platform.embedded import Engines, EngineUrls
from bedplate.platform.telemetry.multiprocess import prepare
from bedplate.settings import Secret, Settings
from bedplate.settings.admin import DEFAULT_ADMIN_EMAIL
from bedplate.settings.load import load_settings

START_TIMEOUT = 60.0
UNSERVED_TIMEOUT = 0.5
POLL = 0.02
MAX_REVIVALS = 20


class Stopped(Exception):  # noqa: N818 - a signal is no error
    """SIGINT or SIGTERM arrived while starting."""


class Stack:
    """Everything `bedplate up` runs, started in order and stopped in the reverse one."""

    def __init__(
        self, data_dir: Path, *, host: str | None, port: int | None, tell: Callable[[str], None]
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._tell = tell
        self._host, self._port = host, port
        self._children: list[subprocess.Popen[bytes]] = []
        self._starts: list[Callable[[], subprocess.Popen[bytes]]] = []
        self._revived = 0
        self._engines: Engines | None = None
        self._stopping = self._serving = False

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._stopping = True
        # What has not served yet owes nobody an answer, and granian's worker loses a signal while it starts.
        stop_children(self._children, KILL_TIMEOUT + 5 if self._serving else UNSERVED_TIMEOUT)
        if self._engines is not None:
            self._engines.stop()
        return kind is Stopped

    def start(self) -> dict[str, str | None]:
        """Start everything; returns the addresses once the API answers.

        Raises:
            CommandError: the port is taken, or a part does not start.
        """
        self._make_data_dir()
        settings = self._complete(load_settings())
        environment = _environment(settings) | prepare(self._data_dir / "metrics")
        self._migrate(settings)
        http = settings.http
        commands = (api_command(http.host, http.port, http.workers), worker_command())
        self._starts = [partial(start_child, command, environment) for command in commands]
        self._children = [start() for start in self._starts]
        email, password = asyncio.run(_administrator(settings))
        # Not the public URL: that may lead over a proxy that does not run, and /metrics answers here alone.
        origin = listener_origin(http.host, http.port)
        self._await_api(origin)
        self._serving = True
        return {
            "api": origin,
            "metrics": f"{origin}/metrics",
            "docs": f"{origin}/docs",
            "admin_email": email,
            "admin_password": password,
            "database_url": settings.database.url.reveal(),
            "redis_url": settings.redis.url.reveal(),
        }

    def _make_data_dir(self) -> None:
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(
                f"Cannot make the folder {self._data_dir} ({error.strerror}); name one you may write with --data-dir"
            ) from error

    def wait(self) -> None:
        """Wait for a signal; a part that ends by itself is started anew, a few times.

        Raises:
            CommandError: a part keeps ending.
            EmbeddedError: a server that ended does not start again.
        """
        while not self._stopping:
            if self._engines is not None and self._engines.revive():
                self._count_revival("PostgreSQL or Valkey had ended, and was started anew")
            self._revive()
            time.sleep(0.2)

    def _revive(self) -> None:
        for place, child in enumerate(self._children):
            if child.poll() is None or self._stopping:
                continue
            self._count_revival(f"a part ended with code {child.returncode}; starting it anew")
            end_group(child)
            self._children[place] = self._starts[place]()

    def _count_revival(self, told: str) -> None:
        self._revived += 1
        if self._revived > MAX_REVIVALS:
            raise CommandError(f"Parts keep ending ({told}); see the lines above")
        self._tell(told)

    def _complete(self, settings: Settings) -> Settings:
        database, redis = settings.database, settings.redis
        host = listening_address(self._host or settings.http.host)
        port = _free_port(host, settings.http.port if self._port is None else self._port)
        if not (database.url and redis.url):
            urls = self._start_engines()
            if not database.url:
                owner = database.owner_url or Secret(urls.owner_url)
                database = msgspec.structs.replace(database, url=Secret(urls.database_url), owner_url=owner)
            redis = redis if redis.url else msgspec.structs.replace(redis, url=Secret(urls.redis_url))
        auth = msgspec.structs.replace(
            settings.auth,
            secret=settings.auth.secret or Secret(_kept_secret(self._data_dir)),
            allow_reserved_domains=True,
        )
        origin = settings.http.public_url or listener_origin(host, port)
        http = msgspec.structs.replace(settings.http, host=host, port=port, public_url=origin)
        return msgspec.structs.replace(settings, database=database, redis=redis, auth=auth, http=http)

    def _start_engines(self) -> EngineUrls:
        self._tell(f"starting PostgreSQL and Valkey in {self._data_dir}")
        self._engines = Engines(self._data_dir, progress=self._tell)
        return self._engines.start()

    def _migrate(self, settings: Settings) -> None:
        current = asyncio.run(revisions.current(settings.database.migration_url.reveal()))
        if current != revisions.head() and not revisions.is_ahead(current):
            from bedplate.platform.db import migrate

            self._tell("migrating the database")
            migrate.upgrade(settings.database)

    def _await_api(self, origin: str) -> None:
        self._tell("starting the API and the worker")
        deadline = time.monotonic() + START_TIMEOUT
        while not _answers(f"{origin}/health/startup"):
            self._check_children()
            if time.monotonic() > deadline:
                raise CommandError(
                    f"The API did not answer within {START_TIMEOUT:.0f} s; see the lines above"
                )
            time.sleep(POLL)

    def _check_children(self) -> None:
        for child in self._children:
            if child.poll() is not None and not self._stopping:
                raise CommandError(f"A part ended with code {child.returncode}; see the lines above")

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise Stopped


def _kept_secret(data_dir: Path) -> str:
    file = data_dir / "secret"
    try:
        return file.read_text("ascii").strip()
    except FileNotFoundError:
        value = secrets.token_urlsafe(48)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as written:
            written.write(value + "\n")
        return value


def _free_port(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise CommandError(
                    f"{host} is no address of this machine ({error.strerror}); choose another with --host"
                ) from error
            raise CommandError(
                f"Port {port} on {host} is not free ({error.strerror}); choose another with --port"
            ) from error
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False


def _environment(settings: Settings) -> dict[str, str]:
    given = {
        name: value for name, value in os.environ.items() if not name.startswith("BEDPLATE_") or _kept(name)
    }
    # Compiled once, or each process compiles the whole service at each start.
    given.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**server_limits(settings.http), **given} | {
        "BEDPLATE_DATABASE_URL": settings.database.url.reveal(),
        "BEDPLATE_DATABASE_OWNER_URL": settings.database.migration_url.reveal(),
        "BEDPLATE_REDIS_URL": settings.redis.url.reveal(),
        "BEDPLATE_AUTH_SECRET": settings.auth.secret.reveal(),
        "BEDPLATE_AUTH_ALLOW_RESERVED_DOMAINS": "true",
        "BEDPLATE_HTTP_HOST": settings.http.host,
        "BEDPLATE_HTTP_PORT": str(settings.http.port),
        "BEDPLATE_HTTP_PUBLIC_URL": settings.http.public_url,
    }


def _kept(name: str) -> bool:
    # A `_FILE` twin of what is set here would contradict it.
    return name not in {"BEDPLATE_DATABASE_URL_FILE", "BEDPLATE_REDIS_URL_FILE", "BEDPLATE_AUTH_SECRET_FILE"}


async def _administrator(settings: Settings) -> tuple[str, str | None]:
    email = settings.admin.email or DEFAULT_ADMIN_EMAIL
    if not settings.admin.password and await _is_known(settings, email):
        # Nothing to make or reset: the domains, slow to import, are not needed in this process.
        return email, None
    from bedplate.domains.access import AccessService
    from bedplate.domains.accounts import InvalidEmail, Passwords, WeakPassword
    from bedplate.domains.sessions import keep_administrator
    from bedplate.platform.db import Database

    database = Database(settings.database, application="bedplate up")
    passwords = Passwords(settings.auth)
    try:
        admin = settings.admin
        password = admin.password.reveal() if admin.email else ""
        async with database.transaction() as session:
            if not await AccessService(session=session).has_system_roles():
                # Only the first start needs to know every domain here; the API keeps the roles at each.
                from bedplate.app import permissions

                await AccessService(session=session).keep_system_roles(permissions())
        return await keep_administrator(database, passwords, email=admin.email, password=password)
    except InvalidEmail as error:
        raise CommandError(f"BEDPLATE_ADMIN_EMAIL: {error}") from None
    except WeakPassword as error:
        raise CommandError(f"BEDPLATE_ADMIN_PASSWORD: {error}") from None
    finally:
        passwords.close()
        await database.close()


async def _is_known(settings: Settings, email: str) -> bool:
    connection = cast("Any", await asyncpg.connect(settings.database.url.reveal()))
    try:
        found: bool | None = await connection.fetchval("select true from account where email = $1", email)
    finally:
        await connection.close()
    return found is True
