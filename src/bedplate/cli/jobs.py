import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TypedDict, Unpack
from uuid import UUID

import msgspec
import rich_click as click
from click import get_current_context
from click.core import ParameterSource

from bedplate.cli.errors import CommandError
from bedplate.cli.known import require_known
from bedplate.cli.servers import database_settings
from bedplate.platform.db import Database
from bedplate.settings import Settings

type Work = Callable[[Database, Settings], Awaitable[None]]
STATES = ("queued", "running", "succeeded", "failed", "dead", "cancelled")


class Filters(TypedDict):
    """What `filters` gives a command."""

    task: str | None
    queue: str | None
    tag: str | None
    error: str | None
    since: dt.datetime | None
    until: dt.datetime | None


@click.group()
def jobs() -> None:
    """List, look into, cancel, retry and pause jobs."""


@jobs.command("list")
@click.option("--state", type=click.Choice(STATES))
@click.option("--type", "task", help="A type of job, such as plans.import.")
@click.option("--queue")
@click.option("--limit", default=50, show_default=True)
def list_jobs(state: str | None, task: str | None, queue: str | None, limit: int) -> None:
    """List jobs, the newest first."""
    from bedplate.platform.jobs.operate import latest

    async def show(database: Database, _: Settings) -> None:
        for row in await latest(database.reads, state=state, task=task, queue=queue, limit=limit):
            error = f"  {row.error}" if row.error else ""
            moment = row.created_at.isoformat(timespec="seconds")
            click.echo(f"{row.id}  {moment}  {row.state:<9}  {row.type}  {row.attempts}×{error}")

    _run(show)


@jobs.command()
@click.argument("job_id", type=click.UUID)
def show(job_id: UUID) -> None:
    """Show a job with its failed attempts, as JSON."""
    from bedplate.platform.jobs.operate import details

    async def tell(database: Database, _: Settings) -> None:
        found = await details(database.reads, job_id)
        if found is None:
            raise CommandError(f"There is no job {job_id}")
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())

    _run(tell)


def filters[F: Callable[..., None]](command: F) -> F:
    """Give a command the options that name jobs by what they have in common."""
    options = (
        click.option("--type", "task", help="A type of job, such as plans.import."),
        click.option("--queue"),
        click.option("--tag"),
        click.option("--error", help="A part of what they say went wrong."),
        click.option("--since", type=click.DateTime(), help="Ended at this moment (UTC) or later."),
        click.option("--until", type=click.DateTime(), help="Ended before this moment (UTC)."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@jobs.command()
@click.argument("job_ids", type=click.UUID, nargs=-1)
@click.option("--dead", "everything", is_flag=True, help="Every dead job, or those that the filters name.")
@filters
def cancel(job_ids: tuple[UUID, ...], *, everything: bool, **named: Unpack[Filters]) -> None:
    """Cancel jobs and those under them; what runs is told to stop, a dead one is dismissed."""
    from bedplate.platform.jobs.control import Which, cancel_job, dismiss_jobs

    _require_either(job_ids, everything=everything, flag="--dead")

    async def end(database: Database, settings: Settings) -> None:
        keep = settings.jobs.keep_cancelled
        async with database.transaction() as session:
            for job_id in job_ids:
                await cancel_job(session, job_id, keep=keep)
            if job_ids:
                return
            count = await dismiss_jobs(session, Which(**_in_utc(named)), keep=keep)
        click.echo(f"{count} dismissed.")

    _run(end)


@jobs.command()
@click.argument("job_ids", type=click.UUID, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every dead job, or what the filters name.")
@click.option("--state", type=click.Choice(["failed", "dead"]), default="dead", show_default=True)
@filters
@click.option("--attempts", default=5, show_default=True)
def retry(
    job_ids: tuple[UUID, ...], *, everything: bool, state: str, attempts: int, **named: Unpack[Filters]
) -> None:
    """Queue dead or failed jobs again: one, many by their ids, or all that the filters name."""
    from bedplate.platform.jobs.control import Which, retry_job, retry_jobs

    _require_either(job_ids, everything=everything, flag="--all")

    async def again(database: Database, _: Settings) -> None:
        async with database.transaction() as session:
            for job_id in job_ids:
                await retry_job(session, job_id, attempts=attempts)
            if job_ids:
                return
            count = await retry_jobs(session, Which(state=state, **_in_utc(named)), attempts=attempts)
        click.echo(f"{count} queued again.")

    _run(again)


@jobs.command()
def drain() -> None:
    """Run here all that is due, without Redis, and return."""
    from bedplate.worker import run_due

    asyncio.run(run_due(database_settings()))


@jobs.command()
@click.argument("kind", type=click.Choice(["queue", "task"]))
@click.argument("name")
def pause(kind: str, name: str) -> None:
    """Begin no more jobs of a queue or a task; those that run end."""
    from bedplate.platform.jobs.control import pause as begin_pause

    require_known(kind, name)

    async def halt(database: Database, _: Settings) -> None:
        async with database.transaction() as session:
            await begin_pause(session, "queue" if kind == "queue" else "task", name)

    _run(halt)


@jobs.command()
@click.argument("kind", type=click.Choice(["queue", "task"]))
@click.argument("name")
def resume(kind: str, name: str) -> None:
    """Begin the jobs of a queue or a task again."""
    from bedplate.platform.jobs.control import resume as end_pause

    async def go_on(database: Database, _: Settings) -> None:
        async with database.transaction() as session:
            if await end_pause(session, "queue" if kind == "queue" else "task", name):
                return
        # Only now, for what is paused may be gone from this program.
        require_known(kind, name)
        raise CommandError(f"The {kind} {name} is not paused; `bedplate jobs pauses` tells what is")

    _run(go_on)


@jobs.command()
def pauses() -> None:
    """List the queues and tasks that are paused, and since when."""
    from bedplate.platform.jobs.operate import list_pauses

    async def show(database: Database, _: Settings) -> None:
        for row in await list_pauses(database.reads):
            click.echo(f"{row.kind:<5}  {row.name}  {row.at.isoformat(timespec='seconds')}")

    _run(show)


def _require_either(job_ids: tuple[UUID, ...], *, everything: bool, flag: str) -> None:
    source = get_current_context().get_parameter_source
    given = any(source(name) is ParameterSource.COMMANDLINE for name in ("state", *Filters.__annotations__))
    if bool(job_ids) == everything or (given and not everything):
        raise CommandError(f"Give the ids of jobs, or {flag}, which alone takes filters")


def _in_utc(named: Filters) -> Filters:
    since, until = named["since"], named["until"]
    return {
        **named,
        "since": since and since.replace(tzinfo=dt.UTC),
        "until": until and until.replace(tzinfo=dt.UTC),
    }


def _run(work: Work) -> None:
    async def run() -> None:
        settings = database_settings()
        database = Database(settings.database, application="bedplate-cli")
        async with database.lifespan():
            await work(database, settings)

    asyncio.run(run())
