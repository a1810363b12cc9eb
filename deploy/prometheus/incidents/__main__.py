"""Shows every shipped alert firing on a real Prometheus that scrapes `bedplate up`.

`python deploy/prometheus/incidents [--only ALERT] [--picture FILE]`: each incident is forced on the running service
until its alerts fire, with windows shortened to seconds. Takes about three minutes; exit code 1 if one stays silent.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from forcing import INCIDENTS, Incident
from machines import Prometheus, Service, neighbours, serving, watching
from windows import alerts

PATIENCE = 90.0
PICTURED = "SignInAttack"


async def force(incident: Incident, service: Service, prometheus: Prometheus) -> dict[str, float]:
    """Force an incident until its alerts fire, or patience ends; returns the seconds that each took."""
    began = time.monotonic()
    fired: dict[str, float] = {}
    while len(fired) < len(incident.alerts) and time.monotonic() - began < PATIENCE:
        work = asyncio.create_task(incident.force(service))
        while not work.done():
            await asyncio.wait({work}, timeout=0.3)
            for alert in incident.alerts:
                if alert not in fired and await prometheus.firing(alert):
                    fired[alert] = time.monotonic() - began
        await work
    if incident.undo is not None:
        await incident.undo(service)
    return fired


def picture(prometheus: Prometheus, target: Path) -> None:
    """Take a picture of Prometheus' page of alerts."""
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        flags += [f"--user-data-dir={profile}", "--window-size=1200,1560", "--virtual-time-budget=5000"]
        page = f"{prometheus.origin}/classic/alerts"
        subprocess.run(["chromium", *flags, f"--screenshot={target}", page], check=True, capture_output=True)


async def run(service: Service, prometheus: Prometheus, options: argparse.Namespace) -> set[str]:
    """Force every incident in turn and print what fired; returns the alerts that stayed silent."""
    silent: set[str] = set()
    for incident in INCIDENTS:
        if options.only and options.only not in incident.alerts:
            continue
        fired = await force(incident, service, prometheus)
        for alert in incident.alerts:
            told = f"fires after {fired[alert]:4.0f} s" if alert in fired else "STAYS SILENT"
            print(f"{alert:<18} {told:<22} {incident.what}", flush=True)
        silent |= set(incident.alerts) - fired.keys()
        if options.picture and PICTURED in fired:
            await asyncio.to_thread(picture, prometheus, options.picture)
    return silent


def main() -> None:
    """Start everything, force everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="the incident of one alert")
    parser.add_argument("--picture", type=Path, help=f"where to put a picture of {PICTURED}")
    options = parser.parse_args()
    forced = {alert for incident in INCIDENTS for alert in incident.alerts}
    if forced != set(alerts()):
        sys.exit(f"alerts and incidents differ: {forced ^ set(alerts())}")
    with (
        tempfile.TemporaryDirectory() as folder,
        neighbours() as others,
        serving(Path(folder, "service")) as service,
        watching(Path(folder, "prometheus"), service, others) as prometheus,
    ):
        silent = asyncio.run(run(service, prometheus, options))
    if silent:
        sys.exit(f"silent: {', '.join(sorted(silent))}")
    print(f"all {len(forced)} alerts fired" if not options.only else "fired")


if __name__ == "__main__":
    main()
