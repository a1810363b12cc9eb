import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

import msgspec
import rich_click as click

from bedplate.cli.errors import CommandError
from bedplate.cli.servers import database_settings
from bedplate.platform.db import Database, utcnow
from bedplate.platform.db.connecting import connect_unhurried
from bedplate.platform.db.pool import Connection
from bedplate.settings.database import DatabaseSettings

type Work = Callable[[Connection, DatabaseSettings], Awaitable[None]]


@click.group()
def audit() -> None:
    """List, make and drop the months of the audit trail, as the database's owner."""


@audit.command()
@click.option(
    "--make", "makes", is_flag=True, help="First make those that are missing, as the schedule does."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def months(*, makes: bool, as_json: bool) -> None:
    """List the parts of the audit trail: from when, to when, about how many events, how large."""
    from bedplate.domains.audit.months import make, parts_of

    async def show(owner: Connection, _: DatabaseSettings) -> None:
        if makes:
            await make(owner)
        parts = await parts_of(owner)
        if as_json:
            click.echo(msgspec.json.encode(parts))
            return
        for part in parts:
            since, until = (f"{at:%Y-%m}" if at else "…" for at in (part.since, part.until))
            click.echo(
                f"{part.name:<22}  {since:<7}  to {until:<7}  {part.rows:>12,} events  {part.size / 2**20:>10,.1f} MB"
            )

    _run(show)


@audit.command()
@click.option("--before", required=True, metavar="YYYY-MM", help="The first month to keep.")
@click.option("--dry-run", is_flag=True, help="Only say what would be dropped.")
def drop(before: str, *, dry_run: bool) -> None:
    """Drop the events of the months before a month, for good; that they went is an event itself.

    Whole parts go, so a part that also holds later events stays. Back up first: nothing brings them back.
    """
    from bedplate.domains.audit.months import drop_before, ended_by, parts_of

    month = _month(before)

    async def go(owner: Connection, settings: DatabaseSettings) -> None:
        if dry_run:
            dropped = ended_by(await parts_of(owner), month)
        else:
            database = Database(settings, application="bedplate-cli")
            async with database.lifespan():
                dropped = await drop_before(owner, database, month)
        word = "Would drop" if dry_run else "Dropped"
        for part in dropped:
            click.echo(f"{word} {part.name}, about {part.rows:,} events.")
        if not dropped:
            click.echo(f"No part ends before {before}.")

    _run(go)


def _month(text: str) -> dt.datetime:
    try:
        month = dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC)
    except ValueError:
        raise CommandError(f"--before takes a month such as 2031-04, not {text!r}") from None
    if month > utcnow():
        raise CommandError(f"{text} has not begun: the first month to keep is this one or earlier")
    return month


def _run(work: Work) -> None:
    async def run() -> None:
        settings = database_settings().database
        # Not within a request's limits: a drop may wait for who still reads.
        owner = await connect_unhurried(settings.migration_url.reveal(), patience=5)
        try:
            await work(owner, settings)
        finally:
            await owner.close()

    asyncio.run(run())
