from importlib import import_module
from importlib.metadata import version
from typing import Any

import rich_click as click

from bedplate.cli.framework import litestar_group, load_plugins

COMMANDS = {
    "up": "up:up",
    "run": "run:run",
    "worker": "worker:worker",
    "db": "db:db",
    "users": "users:users",
    "audit": "audit:audit",
    "plans": "plans:plans",
    "jobs": "jobs:jobs",
    "keys": "keys:keys",
    "limits": "limits:limits",
    "doctor": "doctor:doctor",
    "openapi": "openapi:openapi",
    "settings": "settings:settings",
}


class BedplateGroup(click.RichGroup):
    """Our commands by name, and behind them Litestar's with those of the application's plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted({*COMMANDS, *litestar_group().commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].partition(":")
            command: click.Command = getattr(import_module(f"bedplate.cli.{module}"), name)
            return command
        own = litestar_group().commands.get(cmd_name)
        if own is not None and ctx.args == []:
            # Listed in the help: the application need not be built for that.
            return own
        return _of_plugins(ctx, cmd_name)


def _of_plugins(ctx: click.Context, name: str) -> click.Command | None:
    from bedplate.cli.errors import CommandError
    from bedplate.settings.load import SettingsError

    try:
        return load_plugins(ctx).get_command(ctx, name)
    except (CommandError, SettingsError) as error:
        known = (
            f"bedplate has no command {name!r} (see `bedplate --help`), and to ask the plugins needs settings"
        )
        raise CommandError(f"{known}: {error}") from None


@click.group(cls=BedplateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("bedplate"), prog_name="bedplate")
def bedplate_group(**_: Any) -> None:
    """Bedplate: the base of an API service.

    `bedplate up` runs everything on this machine; the other commands serve, work, migrate and look inside.
    """
