import asyncio
from collections.abc import Awaitable, Callable

import rich_click as click

from bedplate.cli.errors import CommandError
from bedplate.cli.servers import redis_settings
from bedplate.platform.limits import Limits
from bedplate.platform.redis import connect


@click.group()
def limits() -> None:
    """Show what a client has spent of its limits, and make it whole.

    KEY is user:<id>, ip:<address>, team:<id>, credential:<id> (a session or an API key) or value:<text>.
    """


@limits.command()
@click.argument("key")
def show(key: str) -> None:
    """Show what KEY has spent, policy by policy."""
    from bedplate.platform.limits.operate import allowances

    async def look(limits: Limits) -> None:
        found = await allowances(limits.store, limits.book, _subject(key))
        for one in found:
            free = "" if one.free is None else f"{one.free} of {one.burst} free, "
            click.echo(f"{one.policy:<24} {free}restored in {one.restored_in:.1f} s")
        if not found:
            click.echo("Nothing spent.")

    _run(look)


@limits.command()
@click.argument("key")
def reset(key: str) -> None:
    """Make every allowance of KEY whole; a refusal that a process remembers lasts two seconds more."""

    async def restore(limits: Limits) -> None:
        click.echo(f"{await limits.store.forget(_subject(key))} restored.")

    _run(restore)


def _subject(key: str) -> str:
    from bedplate.platform.limits.operate import subject_from

    try:
        return subject_from(key)
    except ValueError as error:
        raise CommandError(str(error)) from None


def _run(work: Callable[[Limits], Awaitable[None]]) -> None:
    async def run() -> None:
        settings = redis_settings()
        client = connect(settings.redis)
        try:
            production = settings.service.environment == "production"
            await work(Limits(settings.limits, client, prefix=settings.redis.prefix, production=production))
        finally:
            await client.aclose()

    asyncio.run(run())
