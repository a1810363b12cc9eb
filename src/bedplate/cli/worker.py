import asyncio

import rich_click as click

from bedplate.cli.errors import require_servers
from bedplate.cli.known import require_known
from bedplate.settings.load import load_settings


@click.command()
@click.option("--queue", "queues", multiple=True, help="Work on this queue alone; may be repeated.")
@click.option("--inline", is_flag=True, help="Without Redis: find jobs in the database, in this process.")
def worker(queues: tuple[str, ...], *, inline: bool) -> None:
    """Run jobs until SIGTERM, then finish what runs within the grace and give back the rest."""
    import uvloop

    from bedplate.worker import start_anew, work

    require_known("queue", *queues)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        recycle = runner.run(work(require_servers(load_settings()), queues=queues, inline=inline))
    if recycle:
        start_anew()
