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
    scripts = [
        path.read_text("utf-8") for path in (scripts_folder() / "migrations" / "versions").glob("*.py")
    ]
    revisions, parents = ({m[1] for m in map(line.search, scripts) if m} for line in (REVISION, PARENT))
    return next(iter(revisions - parents), None)


async def current(url: str) -> str | None:
    """The revision a database is at; None before the first."""
    connection = cast("Any", await asyncpg.connect(url, timeout=5))
    try:
        if await connection.fetchval("select to_regclass('alembic_version')") is None:
            return None
        return await connection.fetchval("select version_num from alembic_version")
    finally:
        await connection.close()
