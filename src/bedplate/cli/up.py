import json
import sys
from pathlib import Path

import rich_click as click

from bedplate.cli.stack import Stack


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port of the API; 0: any free one.")
@click.option("--host", default=None, help="Address to listen on.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".bedplate"),
    show_default=True,
    help="Where the embedded servers keep their data.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON on standard output once ready.")
def up(*, port: int | None, host: str | None, data_dir: Path, as_json: bool) -> None:
    """Run everything on this machine: PostgreSQL, Valkey, the API and the worker.

    With BEDPLATE_DATABASE_URL and BEDPLATE_REDIS_URL set it uses those servers and starts none.
    Ctrl-C stops everything.
    """
    with Stack(data_dir, host=host, port=port, tell=_tell) as stack:
        address = stack.start()
        if as_json:
            sys.stdout.write(json.dumps(address) + "\n")
            sys.stdout.flush()
        else:
            _print(address)
        stack.wait()


def _tell(line: str) -> None:
    click.echo(click.style("· ", dim=True) + line, err=True)


def _print(address: dict[str, str | None]) -> None:
    password = address["admin_password"] or "as printed when it was created"
    rows = {
        "API": address["api"],
        "docs": address["docs"],
        "health": f"{address['api']}/health/ready",
        "metrics": address["metrics"],
        "mailbox": f"{address['api']}/mailbox",
        "administrator": address["admin_email"],
        "password": password,
    }
    click.echo()
    for name, value in rows.items():
        click.echo(f"  {click.style(name.ljust(14), bold=True)} {value}")
    click.echo("\n  Ctrl-C stops everything.\n")
