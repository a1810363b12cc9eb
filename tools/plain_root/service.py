"""The image's three uses, from the root that was built: read-only but for /tmp, as its user, without a capability."""

import json
import os
import secrets
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bedplate.platform.embedded import EngineUrls
from bedplate.platform.embedded.process import until as comes
from tools.plain_root.instructions import Stage
from tools.plain_root.refused import Refused

PATIENCE = 60.0
JAIL = """
set -e
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$ROOT/tmp"
mount -t proc proc "$ROOT/proc"
mount --bind /dev "$ROOT/dev"
for folder in $SOCKETS; do mkdir -p "$ROOT$folder"; mount --bind "$folder" "$ROOT$folder"; done
exec chroot "$ROOT" /usr/bin/setpriv --reuid "$UID_" --regid "$GID_" --clear-groups --no-new-privs \
  --bounding-set=-all --inh-caps=-all /usr/bin/env -i "$@"
"""


@dataclass
class Service:
    """Processes in the root; `stage` is what the Containerfile says of the last image."""

    root: Path
    stage: Stage
    urls: EngineUrls
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    def entry(self, *words: str) -> list[str]:
        return [*_exec_form(self.stage.said["ENTRYPOINT"]), *words]

    def finish(self, command: list[str]) -> None:
        """Run to the end.

        Raises:
            Refused: it failed
        """
        if code := self._jailed(command).wait():
            raise Refused(f"{shlex.join(command)} ended with code {code}")

    def start(self, command: list[str], **settings: str) -> subprocess.Popen[bytes]:
        self.processes.append(process := self._jailed(command, settings))
        return process

    def healthy(self) -> bool:
        """Whether the image's own health check passes."""
        check = _exec_form(self.stage.said["HEALTHCHECK"].partition("CMD ")[2])
        return (
            self._jailed([word.replace(":8000/", f":{self.port}/") for word in check], quiet=True).wait() == 0
        )

    def stop(self) -> list[int]:
        """End all by the image's signal; their codes."""
        for process in self.processes:
            process.terminate()
        return [process.wait(PATIENCE) for process in self.processes]

    def _jailed(
        self, command: list[str], settings: Mapping[str, str] | None = None, *, quiet: bool = False
    ) -> subprocess.Popen[bytes]:
        user, _, group = self.stage.said["USER"].partition(":")
        outside = os.environ | {
            "ROOT": str(self.root),
            "UID_": user,
            "GID_": group,
            "SOCKETS": " ".join(sockets(self.urls)),
        }
        variables = self.stage.environment | self._settings() | dict(settings or {})
        inside = [f"{name}={value}" for name, value in variables.items()]
        words = (
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "bash",
            "-c",
            JAIL,
            "jail",
            *inside,
            *command,
        )
        errors = subprocess.DEVNULL if quiet else None
        return subprocess.Popen(words, env=outside, stderr=errors, stdout=errors)  # noqa: S603 - the image's own commands

    def _settings(self) -> dict[str, str]:
        return {
            "BEDPLATE_DATABASE_URL": self.urls.database_url,
            "BEDPLATE_DATABASE_OWNER_URL": self.urls.owner_url,
            "BEDPLATE_REDIS_URL": self.urls.redis_url,
            "BEDPLATE_AUTH_SECRET": SECRET,
            "BEDPLATE_HTTP_PUBLIC_URL": "https://bedplate.test",
            "BEDPLATE_HTTP_PORT": str(self.port),
            "BEDPLATE_HTTP_TRUSTED_PROXIES": "127.0.0.1/32",
            "BEDPLATE_MAIL_SMTP_URL": "smtp://127.0.0.1:9",
            "BEDPLATE_MAIL_TLS": "none",
            "BEDPLATE_TELEMETRY_LOG_LEVEL": "warning",
        }


SECRET = secrets.token_urlsafe(48)


def sockets(urls: EngineUrls) -> set[str]:
    """The folders that the servers' sockets are in."""
    host = parse_qs(urlsplit(urls.database_url).query)["host"][0]
    return {host, str(Path(urlsplit(urls.redis_url).path).parent)}


def until(holds: Callable[[], bool], otherwise: str) -> None:
    """Wait for a condition.

    Raises:
        Refused: saying `otherwise`
    """
    if not comes(holds, PATIENCE, pause=0.2):
        raise Refused(f"{otherwise} within {PATIENCE:.0f} s")


def _exec_form(value: str) -> list[str]:
    words: list[str] = json.loads(value)
    return words
