import rich_click as click

from bedplate.settings.load import load_settings
from bedplate.settings.reference import settings_reference


@click.command()
@click.option("--markdown", is_flag=True, help="Print the reference page of every setting.")
def settings(*, markdown: bool) -> None:
    """Check the settings, and list every fault."""
    if markdown:
        click.echo(settings_reference(), nl=False)
        return
    load_settings()
    click.echo("The settings are sound.")
