import asyncio

import rich_click as click

from bedplate.cli.checks import examine
from bedplate.cli.findings import Finding
from bedplate.cli.servers import found_settings

SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "fault": ("✗", "red")}


@click.command()
def doctor() -> None:
    """Check settings, servers, migrations, clocks, proxies, workers and cache, and say what to do.

    Exit code 1 on a fault.
    """
    findings = asyncio.run(examine(found_settings()))
    for finding in findings:
        _show(finding)
    if any(finding.state == "fault" for finding in findings):
        raise SystemExit(1)


def _show(finding: Finding) -> None:
    sign, colour = SIGNS[finding.state]
    click.echo(f"{click.style(sign, fg=colour)} {finding.what}: {finding.says}")
    if finding.remedy:
        click.echo(f"    → {finding.remedy}")
