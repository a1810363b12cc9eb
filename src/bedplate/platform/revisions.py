"""Where a database stands among the migrations: told without Alembic and SQLAlchemy.

Every start asks, and their import would take a fifth of it.
"""

import re
from pathlib import Path
from typing import Any, cast

import asyncpg

import bedplate

SCRIPTS = "db"
REVISION = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
PARENT = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)


class MigrationError(Exception):
    """Migrations cannot run; the message is one line that says what to do."""


def scripts_folder() -> Path:
    """The folder `db`: beside the source in a checkout, inside the package when installed."""
    package = Path(bedplate.__file__).parent
    for folder in (package / SCRIPTS, package.parent.parent / SCRIPTS):
        if (folder / "migrations").is_dir():
            return folder
    raise MigrationError("The folder of migrations is missing: install Bedplate again")


def head() -> str | None:
    """The newest revision there is."""
    known, parents = _read()
    return next(iter(known - parents), None)


def is_ahead(revision: str | None) -> bool:
    """Whether a database's revision is none of ours: a later release has migrated it, as after a rollback."""
    return revision is not None and revision not in _read()[0]


async def current(url: str) -> str | None:
    """The revision a database is at; None before the first."""
    connection = cast("Any", await asyncpg.connect(url, timeout=5))
    try:
        if await connection.fetchval("select to_regclass('alembic_version')") is None:
            return None
        return await connection.fetchval("select version_num from alembic_version")
    finally:
        await connection.close()


def _read() -> tuple[set[str], set[str]]:
    """All revisions, and those that another one follows."""
    scripts = [
        path.read_text("utf-8") for path in (scripts_folder() / "migrations" / "versions").glob("*.py")
    ]
    revisions, parents = ({m[1] for m in map(line.search, scripts) if m} for line in (REVISION, PARENT))
    return revisions, parents
