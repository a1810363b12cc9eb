import os
import tempfile
from pathlib import Path

import rich_click as click

APP = "bedplate.app:create_app"


def litestar_group() -> click.RichGroup:
    """Litestar's own commands, those of plugins not yet among them."""
    from litestar.cli.main import litestar_group

    return litestar_group


def load_plugins(ctx: click.Context) -> click.RichGroup:
    """Build the application, and add its plugins' commands; `ctx.obj` becomes Litestar's environment."""
    from bedplate.cli.children import listening_address, server_limits
    from bedplate.cli.errors import require_servers
    from bedplate.platform.telemetry.multiprocess import prepare, shared_folder
    from bedplate.settings.load import load_settings

    settings = require_servers(load_settings())
    if settings.http.workers > 1 and shared_folder() is None:
        os.environ.update(prepare(Path(tempfile.mkdtemp(prefix="bedplate-metrics-"))))
    os.environ.setdefault("LITESTAR_APP", APP)
    os.environ.setdefault("LITESTAR_HOST", listening_address(settings.http.host))
    os.environ.setdefault("LITESTAR_PORT", str(settings.http.port))
    os.environ.setdefault("LITESTAR_WEB_CONCURRENCY", str(settings.http.workers))
    os.environ.setdefault("LITESTAR_QUIET_CONSOLE", "1")
    # granian waits for ever for a worker that lost its SIGTERM while starting.
    os.environ.setdefault("GRANIAN_WORKERS_KILL_TIMEOUT", "30")
    os.environ.setdefault("GRANIAN_LOG_ACCESS_ENABLED", "false")
    for name, value in server_limits(settings.http).items():
        os.environ.setdefault(name, value)
    ctx.params.setdefault("app_path", APP)
    ctx.params.setdefault("app_dir", None)
    group = litestar_group()
    group.list_commands(ctx)
    return group
