import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from bedplate.platform.embedded import EngineUrls
from bedplate.platform.embedded.process import until as comes
from tools.old_code.failure import Broken

PATIENCE = 120.0
SECRET = "only-for-this-rehearsal-" + "0123456789abcdef" * 2
OWNER, PASSWORD = "owner@team.example", "only for this rehearsal, and long"


@dataclass(frozen=True)
class Release:
    """A checkout with an environment of its own; `name` is how messages call it."""

    name: str
    folder: Path

    def command(self, *words: str) -> list[str]:
        return [str(self.folder / ".venv/bin/python"), "-m", *words]


@dataclass
class Fleet:
    """Processes of two releases on the same servers."""

    urls: EngineUrls
    log: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in list(self.processes):
            self.end(process)

    def run(self, release: Release, *words: str, stdin: str = "") -> None:
        """Run a command of `bedplate` to its end.

        Raises:
            Broken: it failed
        """
        ended = subprocess.run(  # noqa: S603 - our own command line
            release.command("bedplate", *words),
            cwd=release.folder,
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise Broken(f"`bedplate {' '.join(words)}` of {release.name} failed: {ended.stderr.strip()}")

    def api(self, release: Release, port: int) -> tuple[subprocess.Popen[bytes], str]:
        """Serve a release's API; returns it and its origin once it is ready.

        Raises:
            Broken: it ended, or is not ready on this schema
        """
        origin = f"http://127.0.0.1:{port}"
        words = ("granian", "--interface", "asgi", "--factory", "bedplate.app:create_app")
        options = ("--port", str(port), "--workers-kill-timeout", "10", "--no-ws", "--log-level", "error")
        process = self._spawn(release, *words, *options)
        until(lambda: _ready(origin, process), f"the API of {release.name} is not ready")
        return process, origin

    def worker(self, release: Release) -> subprocess.Popen[bytes]:
        return self._spawn(release, "bedplate", "worker")

    def end(self, process: subprocess.Popen[bytes]) -> None:
        self.processes.remove(process)
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()

    def _spawn(self, release: Release, *words: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own programs
                release.command(*words), cwd=release.folder, env=self._environment(), stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BEDPLATE_")}
        return kept | {
            "BEDPLATE_SERVICE_ENVIRONMENT": "test",
            "BEDPLATE_DATABASE_URL": self.urls.database_url,
            "BEDPLATE_DATABASE_OWNER_URL": self.urls.owner_url,
            "BEDPLATE_REDIS_URL": self.urls.redis_url,
            "BEDPLATE_AUTH_SECRET": SECRET,
            "BEDPLATE_AUTH_ALLOW_RESERVED_DOMAINS": "true",
            "BEDPLATE_HTTP_PUBLIC_URL": "http://bedplate.test",
            "BEDPLATE_LIMITS_ENABLED": "false",
            "BEDPLATE_TELEMETRY_LOG_LEVEL": "error",
            "BEDPLATE_TELEMETRY_ACCESS_LOG": "false",
        }


def until(holds: Callable[[], bool], otherwise: str) -> None:
    """Wait for a condition.

    Raises:
        Broken: saying `otherwise`, when it does not come
    """
    if not comes(holds, PATIENCE, pause=0.05):
        raise Broken(f"{otherwise} within {PATIENCE:.0f} s")


def _ready(origin: str, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise Broken(f"the API ended with code {process.returncode} instead of being ready")
    try:
        return httpx.get(f"{origin}/health/ready", timeout=10).is_success
    except httpx.TransportError:
        return False
