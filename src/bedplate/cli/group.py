import os
from importlib import import_module
from importlib.metadata import version
from typing import Any

import rich_click as click

COMMANDS = {
    "up": "up:up",
    "worker": "worker:worker",
    "db": "db:db",
    "users": "users:users",
    "plans": "plans:plans",
    "jobs": "jobs:jobs",
    "keys": "keys:keys",
    "limits": "limits:limits",
    "doctor": "doctor:doctor",
    "openapi": "openapi:openapi",
    "settings": "settings:settings",
}
APP = "bedplate.app:create_app"


class BedplateGroup(click.RichGroup):
    """Our commands by name, and behind them Litestar's with those of the application's plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted({*COMMANDS, *_litestar().commands, "run"})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].partition(":")
            command: click.Command = getattr(import_module(f"bedplate.cli.{module}"), name)
            return command
        group = _litestar()
        if cmd_name in {*group.commands, "run", "workers"}:
            _load_plugins(ctx, group)
        return group.get_command(ctx, cmd_name)


def _litestar() -> click.RichGroup:
    from litestar.cli.main import litestar_group

    return litestar_group


def _load_plugins(ctx: click.Context, group: click.RichGroup) -> None:
    from bedplate.settings.load import load_settings

    settings = load_settings()
    os.environ.setdefault("LITESTAR_APP", APP)
    os.environ.setdefault("LITESTAR_HOST", settings.http.host)
    os.environ.setdefault("LITESTAR_PORT", str(settings.http.port))
    os.environ.setdefault("LITESTAR_WEB_CONCURRENCY", str(settings.http.workers))
    # granian waits for ever for a worker that lost its SIGTERM while starting.
    os.environ.setdefault("GRANIAN_WORKERS_KILL_TIMEOUT", "30")
    os.environ.setdefault("GRANIAN_LOG_ACCESS_ENABLED", "false")
    ctx.params.setdefault("app_path", APP)
    ctx.params.setdefault("app_dir", None)
    group.list_commands(ctx)


@click.group(cls=BedplateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("bedplate"), prog_name="bedplate")
def bedplate_group(**_: Any) -> None:
    """Bedplate: the base of an API service.

    `bedplate up` runs everything on this machine; the other commands serve, work, migrate and look inside.
    """
