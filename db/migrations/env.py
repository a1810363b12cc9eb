import asyncio

from alembic import context
from sqlalchemy import Connection

from bedplate.app import metadata
from bedplate.platform.db.migrate import migration_engine

config = context.config
models = metadata()
partitioned = tuple(
    f"{table.name}_"
    for table in models.tables.values()
    if table.dialect_options["postgresql"]["partition_by"]
)


def is_modelled(name: str | None, kind: str, _: object) -> bool:
    """Whether a thing of the database is compared with the models: parts of a table are not."""
    return not (kind == "table" and str(name).startswith(partitioned))


def run(connection: Connection) -> None:
    # Each in a transaction of its own: none holds its locks while those after it run.
    context.configure(
        connection=connection,
        target_metadata=models,
        include_name=is_modelled,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def write_sql() -> None:
    # For whoever runs migrations by hand, and for the linter of locks.
    context.configure(
        dialect_name="postgresql",
        target_metadata=models,
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
