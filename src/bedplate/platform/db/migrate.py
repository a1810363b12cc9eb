import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.ext.asyncio import AsyncEngine

import bedplate
from bedplate.settings.database import DatabaseSettings

LOCK_TIMEOUT = "10s"
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


def alembic_config(url: str) -> "Config":
    """Alembic's configuration for a database's owner URL."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts_folder() / "migrations"))
    config.attributes["url"] = url
    return config


def migration_engine(url: str) -> "AsyncEngine":
    """An engine that waits for a lock only so long: a migration must not queue up the traffic behind it."""
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(  # pyright: ignore[reportUnknownVariableType]
            url, server_settings={"lock_timeout": LOCK_TIMEOUT, "statement_timeout": "0", "timezone": "UTC"}
        )

    return create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)


def upgrade(settings: DatabaseSettings, revision: str = "head") -> None:
    """Migrate to a revision, then grant the application's role what it needs. Not from a running event loop."""
    from alembic import command

    url = settings.migration_url.reveal()
    command.upgrade(alembic_config(url), revision)
    asyncio.run(apply_roles(url, settings.url.reveal()))


def downgrade(settings: DatabaseSettings, revision: str) -> None:
    """Migrate back to a revision."""
    from alembic import command

    command.downgrade(alembic_config(settings.migration_url.reveal()), revision)


def head() -> str | None:
    """The newest revision there is; read without Alembic, whose import every start would wait for."""
    scripts = [
        path.read_text("utf-8") for path in (scripts_folder() / "migrations" / "versions").glob("*.py")
    ]
    revisions, parents = ({m[1] for m in map(line.search, scripts) if m} for line in (REVISION, PARENT))
    return next(iter(revisions - parents), None)


async def current(url: str) -> str | None:
    """The revision a database is at; None before the first."""
    connection = await _connect(url)
    try:
        if await connection.fetchval("select to_regclass('alembic_version')") is None:
            return None
        return await connection.fetchval("select version_num from alembic_version")
    finally:
        await connection.close()


async def apply_roles(owner_url: str, application_url: str) -> None:
    """Run `roles.sql` for the application's role, where it is another than the owner's."""
    owner = await _connect(owner_url)
    try:
        application = await _role_of(application_url)
        if application != await owner.fetchval("select current_user"):
            statements = (scripts_folder() / "roles.sql").read_text("utf-8")
            await owner.execute(statements.replace(":application", _quoted(application)))
    finally:
        await owner.close()


async def _connect(url: str) -> Any:
    return await asyncpg.connect(url, timeout=5)  # pyright: ignore[reportUnknownVariableType]


async def _role_of(url: str) -> str:
    name = urlsplit(url).username
    if name:
        return name
    connection = await _connect(url)
    try:
        return await connection.fetchval("select current_user")
    finally:
        await connection.close()


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
