import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.ext.asyncio import AsyncEngine

from bedplate.platform.revisions import scripts_folder
from bedplate.settings.database import DatabaseSettings

LOCK_TIMEOUT = "3s"
"""Less than the traffic waits that queues behind a migration: it would be refused before the migration gave up."""
TURN = 0x62656470_6D696772
"""The advisory lock of who migrates a database: "bedpmigr"."""
TURN_TIMEOUT = 600.0
TURN_POLL = 0.1


class MigrationBusy(Exception):  # noqa: N818 - it is a state, and passes
    """Another process migrates this database, and did not come to an end."""


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
    """Migrate to a revision, then grant the application's role what it needs. Not from a running event loop.

    Raises:
        MigrationBusy: another process went on migrating this database.
    """
    from alembic import command

    url = settings.migration_url.reveal()
    with _alone(url) as runner:
        command.upgrade(alembic_config(url), revision)
        runner.run(apply_roles(url, settings.url.reveal()))


def downgrade(settings: DatabaseSettings, revision: str) -> None:
    """Migrate back to a revision.

    Raises:
        MigrationBusy: another process went on migrating this database.
    """
    from alembic import command

    url = settings.migration_url.reveal()
    with _alone(url):
        command.downgrade(alembic_config(url), revision)


@contextmanager
def _alone(url: str) -> Generator[asyncio.Runner]:
    """Keep other processes from migrating this database meanwhile; they wait, and find that it is done."""
    with asyncio.Runner() as runner:
        connection = runner.run(_connect(url))
        try:
            runner.run(_take_turn(connection))
            yield runner
        finally:
            runner.run(connection.close())


async def _take_turn(connection: Any) -> None:
    # Asked again and again: CREATE INDEX CONCURRENTLY waits for every snapshot, so also for that of a statement
    # that would wait for this lock.
    deadline = time.monotonic() + TURN_TIMEOUT
    while not await connection.fetchval("select pg_try_advisory_lock($1)", TURN):
        if time.monotonic() > deadline:
            raise MigrationBusy("Another process migrates this database; try again once it is through")
        await asyncio.sleep(TURN_POLL)


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
