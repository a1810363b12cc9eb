import os
import shutil
from collections.abc import Callable
from pathlib import Path

from bedplate.platform.embedded.errors import failure
from bedplate.platform.embedded.home import Home
from bedplate.platform.embedded.process import run

SUPERUSER = "postgres"
OWNER = "bedplate_owner"
APPLICATION = "bedplate"
DATABASE = "bedplate"

_INITDB = (
    "--no-sync",
    "--no-instructions",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    f"--username={SUPERUSER}",
)
_SINGLE = ("--single", "-c", "exit_on_error=on", "-c", "fsync=off", "-c", "log_checkpoints=off")

# One a line, run on template1, so that databases made later have the extension too.
# The other extensions that migrations use are trusted: the database's owner may create them.
_SETUP = f"""\
CREATE ROLE {OWNER} LOGIN
CREATE ROLE {APPLICATION} LOGIN
CREATE EXTENSION pg_stat_statements
CREATE DATABASE {DATABASE} OWNER {OWNER}
"""


def create_cluster(
    data: Path, programs: Path, home: Home, *, durable: bool, progress: Callable[[str], None]
) -> None:
    """Make the cluster with its roles and database; all of it or, if we die meanwhile, none.

    Raises:
        EmbeddedError: with what to do about it
    """
    progress(f"Creating the database in {data}")
    for abandoned in home.root.glob(f"{data.name}.unfinished-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    unfinished = home.folder(f"{data.name}.unfinished-{os.getpid()}")
    initdb, postgres = str(programs / "initdb"), str(programs / "postgres")
    try:
        _run([initdb, *_INITDB, "-D", str(unfinished)], home)
        _run([postgres, *_SINGLE, "-D", str(unfinished), "template1"], home, _SETUP)
        if durable:
            _run([initdb, "--sync-only", "-D", str(unfinished)], home)
        unfinished.rename(data)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _run(command: list[str], home: Home, stdin: str = "") -> None:
    done = run(command, home.account, stdin)
    if done.returncode:
        raise failure("PostgreSQL", done.stderr, home.root)
