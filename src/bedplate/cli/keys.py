import asyncio
import datetime as dt

import rich_click as click

from bedplate.cli.servers import database_settings
from bedplate.platform.auth import keys as signing_keys
from bedplate.platform.db import Database, utcnow
from bedplate.platform.secrets.seal import Sealer


@click.group()
def keys() -> None:
    """List and rotate the keys that sign access tokens."""


@keys.command("list")
def list_keys() -> None:
    """List the signing keys, the newest first."""

    async def show() -> None:
        database = Database(database_settings().database, application="bedplate-cli")
        async with database.lifespan():
            for row in await signing_keys.KEYS.all(database.reads):
                retires = f"retires {_moment(row.retires_at)}" if row.retires_at else ""
                click.echo(f"{row.kid}  {_state(row):<9}  signs from {_moment(row.activates_at)}  {retires}")

    asyncio.run(show())


@keys.command()
@click.option(
    "--lead",
    default=300,
    show_default=True,
    help="Seconds until the new key signs; every process and every cached key set knows it by then.",
)
@click.option(
    "--overlap",
    type=int,
    help="Seconds in which the former keys verify beyond that; default: an access token's life and the skew.",
)
def rotate(lead: int, overlap: int | None) -> None:
    """Add a signing key and retire the former ones; nobody is signed out."""
    settings = database_settings()
    least = int(settings.auth.access_token_ttl + settings.auth.clock_skew)
    kept = least if overlap is None else overlap
    if kept < least or lead < 0:
        raise click.UsageError(f"The overlap is at least {least} s, the lead at least 0 s")

    async def turn() -> str:
        database = Database(settings.database, application="bedplate-cli")
        async with database.lifespan(), database.transaction() as session:
            return await signing_keys.rotate(
                session,
                Sealer(settings.auth),
                lead=dt.timedelta(seconds=lead),
                overlap=dt.timedelta(seconds=kept),
            )

    click.echo(f"{asyncio.run(turn())} signs in {lead} s; the former keys verify for {kept} s more.")


def _state(row: signing_keys.KeyRow) -> str:
    now = utcnow()
    if row.retires_at is not None and row.retires_at <= now:
        return "retired"
    return "published" if row.activates_at > now else "retiring" if row.retires_at else "signing"


def _moment(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds")
