import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.ext.asyncio import AsyncEngine

from bedplate.platform.revisions import scripts_folder
from bedplate.settings.database import DatabaseSettings

LOCK_TIMEOUT = "10s"


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


async def apply_roles(owner_url: str, application_url: str) -> None:
    """Run `roles.sql` for the application's role, where it is another than the owner's."""
    owner = await _connect(owner_url)
    try:
        application = await role_of(application_url)
        if application != await owner.fetchval("select current_user"):
            statements = (scripts_folder() / "roles.sql").read_text("utf-8")
            await owner.execute(statements.replace(":application", _quoted(application)))
    finally:
        await owner.close()


async def role_of(url: str) -> str:
    """The role that a URL signs in as, asked of the server where the URL does not name it."""
    name = urlsplit(url).username
    if name:
        return name
    connection = await _connect(url)
    try:
        return await connection.fetchval("select current_user")
    finally:
        await connection.close()


async def _connect(url: str) -> Any:
    return await asyncpg.connect(url, timeout=5)  # pyright: ignore[reportUnknownVariableType]


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
