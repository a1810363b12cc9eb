import asyncio
from pathlib import Path

import rich_click as click

from bedplate.cli.servers import database_settings
from bedplate.platform.db import backup as backups

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Write the database to FILE in pg_dump's custom format, and beside it FILE.json, its manifest."""
    url = database_settings().database.migration_url.reveal()
    manifest = asyncio.run(backups.back_up(url, file))
    click.echo(f"{file}: {_summary(manifest)}")


@click.command()
@click.argument("file", type=FILE)
def restore(file: Path) -> None:
    """Fill the empty database that the settings name from FILE, and grant the application's role its rights."""
    settings = database_settings().database
    manifest = asyncio.run(backups.restore(settings.migration_url.reveal(), settings.url.reveal(), file))
    click.echo(f"Restored {_summary(manifest)}.")


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--server", default="", help="URL of a role that may create databases; unless said, the owner's."
)
def verify(file: Path, server: str) -> None:
    """Restore FILE into a scratch database, compare each table's rows and checksum, and drop it again."""
    url = server or database_settings().database.migration_url.reveal()
    manifest = asyncio.run(backups.verify(url, file))
    click.echo(f"Sound: {_summary(manifest)}.")


def _summary(manifest: backups.Manifest) -> str:
    rows = sum(table.rows for table in manifest.tables.values())
    return f"{len(manifest.tables)} tables, {rows} rows, at revision {manifest.revision}"
