import json

import rich_click as click

from bedplate.cli.offline import offline_settings


@click.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document; needs no server."""
    from bedplate.app import create_app
    from bedplate.platform.http.documented import documented

    document = documented(create_app(offline_settings()))
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
