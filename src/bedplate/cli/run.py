import rich_click as click

from bedplate.cli.framework import load_plugins


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Serve the API with granian; the options are litestar-granian's (`bedplate run --help`)."""
    command = load_plugins(ctx).get_command(ctx, "run")
    if command is not None:
        # Not standalone, `main` returns the exit code that the command ended with.
        ctx.exit(command.main(list(arguments), prog_name="bedplate run", standalone_mode=False, obj=ctx.obj))
