"""Seeds an incident and asks it every question of docs/diagnosis.md, by the very queries that stand there.

`python deploy/prometheus/incidents/diagnosis.py [--write]`: `bedplate up` under a real Prometheus is made slow, broken,
attacked and short of connections; then each query must find it. `--write` puts the answers below the queries.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

from incident import NO_JOB, TRACE, Seeds, seed, waiting_readers
from machines import Prometheus, Service, locked, neighbours, serving, watching

PAGE = Path(__file__).parents[3] / "docs" / "diagnosis.md"
BLOCK = re.compile(r"```(promql|jq|sql)\n(.*?)```\n(?:```text\n.*?```\n)?", re.DOTALL)
PATIENCE = 20.0
SHOWN = 4
WIDE = 112
FINDS = (
    "/v1/auth/signup",  # 1: the slow route
    "/v1/auth/signup",  # and its slow requests
    "bedplate-api",  # 2: the loop
    "reads",  # 3: the pool
    "Lock",  # and the statement that holds it up
    "/v1/plans",  # 4: what fails
    "UndefinedTable",  # and where
    "/v1/auth/login",  # 5: who is limited
    '"code":"invalid"',  # 6: a request, and why it was refused
    "paused: true",  # 7: why a job waits
    "accounts.mail",  # 8: what a request set in motion
    "api_key.revoked",  # 9: who did it
    "429",  # 10: an attack
    "127.0.0.1",  # and where from
)
"""What the answer to each query must hold, in the page's order."""


class Asker:
    """Runs the page's queries against the seeded service."""

    def __init__(self, service: Service, prometheus: Prometheus, seeds: Seeds) -> None:
        self.service = service
        self.prometheus = prometheus
        self.names = {seeds.job_id: NO_JOB, seeds.key_id: NO_JOB}
        self._seeds = seeds

    async def ask(self, kind: str, query: str, number: int) -> list[str]:
        """The answer's lines; ids that the page cannot know are put in before, and taken out after."""
        wanted = self._seeds.job_id if "from job j" in query else self._seeds.key_id
        query = query.replace(NO_JOB, wanted)
        deadline = time.monotonic() + PATIENCE
        answer: list[str] = await getattr(self, kind)(query)
        while not any(FINDS[number] in line for line in answer):
            if time.monotonic() > deadline:
                told = "\n".join([query, *answer])
                sys.exit(f"query {number + 1} does not find {FINDS[number]!r}:\n{told}")
            await asyncio.sleep(0.5)
            answer = await getattr(self, kind)(query)
        return [self._without_ids(line) for line in answer]

    async def promql(self, query: str) -> list[str]:
        """Series and their values, the greatest first."""
        found = [one for one in await self.prometheus.query(query) if one["value"][1] not in {"NaN", "0"}]
        found.sort(key=lambda one: float(one["value"][1]), reverse=True)
        return [f"{_labels(one['metric'])} {float(one['value'][1]):.3g}" for one in found]

    async def jq(self, query: str) -> list[str]:
        """What jq makes of the log."""
        lines = [line for line in self.service.log.read_text("utf-8").splitlines() if line.startswith("{")]
        command = ["jq", "-c", query]
        asked = await asyncio.to_thread(
            subprocess.run, command, input="\n".join(lines), text=True, capture_output=True, check=True
        )
        return list(dict.fromkeys(asked.stdout.splitlines()))

    async def sql(self, query: str) -> list[str]:
        """Rows, each value under its name."""
        return [
            ", ".join(f"{k}: {_value(v)}" for k, v in row.items()) for row in await self.service.sql(query)
        ]

    def _without_ids(self, line: str) -> str:
        for told, name in self.names.items():
            line = line.replace(told, name)
        return line


def _labels(metric: dict[str, str]) -> str:
    shown = {k: v for k, v in metric.items() if k not in {"instance", "__name__"}}
    return "{" + ", ".join(f'{k}="{v}"' for k, v in shown.items()) + "}"


def _value(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else " ".join(str(value).split())


async def answers(service: Service, prometheus: Prometheus) -> list[list[str]]:
    """Seed and ask; what is asked about a lock is asked while it is held."""
    seeds = await seed(service)
    asker = Asker(service, prometheus, seeds)
    asked = [found.groups() for found in BLOCK.finditer(PAGE.read_text("utf-8"))]
    told: list[list[str]] = []
    for number, (kind, query) in enumerate(asked):
        if FINDS[number] in {"reads", "Lock"}:
            async with locked(service.database_url, "account"), waiting_readers(service, seeds.headers):
                told.append(await asker.ask(kind, query, number))
        else:
            told.append(await asker.ask(kind, query, number))
        print(f"{number + 1:>2} {kind:<6} finds {FINDS[number]}", flush=True)
    return told


def write(told: list[list[str]]) -> None:
    """Put the answers below their queries."""
    left = iter(told)

    def with_answer(found: re.Match[str]) -> str:
        lines = [
            part
            for line in next(left)[:SHOWN]
            for part in textwrap.wrap(line, WIDE, max_lines=5, break_on_hyphens=False)
        ]
        return f"```{found[1]}\n{found[2]}```\n```text\n" + "\n".join(lines) + "\n```\n"

    PAGE.write_text(BLOCK.sub(with_answer, PAGE.read_text("utf-8")), "utf-8")


def main() -> None:
    """Start everything, seed, ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the answers into the page")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        neighbours() as others,
        serving(Path(folder, "service")) as service,
        watching(Path(folder, "prometheus"), service, others) as prometheus,
    ):
        told = asyncio.run(answers(service, prometheus))
    if options.write:
        write(told)
    print(f"all {len(told)} queries found what was seeded; trace {TRACE}")


if __name__ == "__main__":
    main()
