import asyncio

from alembic import context
from sqlalchemy import Connection

from bedplate.app import metadata
from bedplate.platform.db.migrate import migration_engine

config = context.config


def run(connection: Connection) -> None:
    # Each in a transaction of its own: none holds its locks while those after it run.
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def write_sql() -> None:
    # For whoever runs migrations by hand, and for the linter of locks.
    context.configure(
        dialect_name="postgresql",
        target_metadata=metadata(),
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    engine = migration_engine(config.attributes["url"])
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    write_sql()
else:
    asyncio.run(main())
