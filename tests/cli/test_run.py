"""How `bedplate run` ends."""

import click
import pytest
from click.testing import CliRunner

from bedplate.cli import run as module
from bedplate.cli.group import bedplate_group


@pytest.mark.parametrize("code", [0, 1])
def test_it_ends_with_the_servers_code(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """What supervises it restarts on a code, so a worker that could not start must not end as 0."""

    @click.command("run")
    @click.pass_context
    def serve(ctx: click.Context) -> None:
        ctx.exit(code)

    def plugins(_: click.Context) -> click.Group:
        return click.Group(commands={"run": serve})

    monkeypatch.setattr(module, "load_plugins", plugins)
    assert CliRunner().invoke(bedplate_group, ["run"]).exit_code == code
