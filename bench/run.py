"""The table of the speed budget: ratios taken side by side in one run, server on one core, load on the other.

`uv run python bench/run.py [--seconds N] [--rounds N] [--template URL --template-token T]`

Needs wrk (`apt-get install wrk`). The limits (granian RSGI with asyncpg, a bare Litestar handler) are its own;
a peer is whoever you have running: give its address, or its rows say `not run`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load import Result, load, serving, wrk_or_exit

SAMPLE = Path(__file__).parents[1] / "tests" / "data" / "enterprise-baseline.md"
PORTS = {"service": 18201, "lean": 18202, "rsgi": 18203, "litestar": 18204, "trip": 18205}
LEAN = {
    "BEDPLATE_LIMITS_ENABLED": "false",
    "BEDPLATE_TELEMETRY_ACCESS_LOG": "false",
    "BEDPLATE_TELEMETRY_REQUEST_METRICS": "false",
    "BEDPLATE_TELEMETRY_SAMPLE_RATIO": "0",
}
QUIET = {"BEDPLATE_TELEMETRY_SAMPLE_RATIO": "0.1"}
TRIP = {"BEDPLATE_CACHE_TIER": "0"}
UNCACHED = "Cache-Control: no-store"


@dataclass(frozen=True)
class Row:
    """A line of the table: work, the limit it is held against, floor and aim, and what was seen.

    `most` turns it around: the ratio is a cost, which floor and aim bound from above.
    """

    work: str
    against: str
    floor: float
    aim: float
    ratio: float | None
    most: bool = False

    def line(self) -> str:
        seen = "not run" if self.ratio is None else f"{self.ratio:.2f}"
        verdict = "" if self.ratio is None else "ok" if self._holds(self.ratio) else "MISSED"
        return f"{self.work:<34} {self.against:<34} {self.floor:>6} {self.aim:>6} {seen:>8} {verdict}"

    def _holds(self, ratio: float) -> bool:
        return ratio <= self.floor if self.most else ratio >= self.floor


class Stack:
    """`bedplate up` on a folder of its own, for the servers, the worker and an administrator."""

    def __init__(self, folder: str) -> None:
        command = [sys.executable, "-m", "bedplate", "up", "--json", "--port", "0", "--data-dir", folder]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None  # noqa: S101 - piped above
        self.address: dict[str, str] = json.loads(self._process.stdout.readline())
        self.secret = (Path(folder) / "secret").read_text("ascii").strip()

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "application/json",
        token: str = "",
    ) -> Any:
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.address["api"] + path, body, headers, method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            return json.load(answer)

    def environment(self) -> dict[str, str]:
        return {
            "BEDPLATE_DATABASE_URL": self.address["database_url"],
            "BEDPLATE_REDIS_URL": self.address["redis_url"],
            "BEDPLATE_AUTH_SECRET": self.secret,
            "BEDPLATE_HTTP_PUBLIC_URL": self.address["api"],
            "BENCH_DATABASE_URL": self.address["database_url"],
        }

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)


def prepare(stack: Stack) -> tuple[str, str, str]:
    """Sign in and import the sample plan; returns token, user and plan."""
    credentials = {"email": stack.address["admin_email"], "password": stack.address["admin_password"]}
    token = stack.call("POST", "/v1/auth/login", json.dumps(credentials).encode())["access_token"]
    user = stack.call("GET", "/v1/me", token=token)["id"]
    body = json.dumps({"key": "bench", "title": "Bench"}).encode()
    plan = stack.call("POST", "/v1/plans", body, token=token)["id"]
    job = stack.call("POST", f"/v1/plans/{plan}/imports", SAMPLE.read_bytes(), "text/markdown", token)
    while job["state"] in {"queued", "running"}:
        job = stack.call("GET", f"/v1/jobs/{job['id']}", token=token)
    if job["state"] != "succeeded":
        sys.exit(f"bench: the sample was not imported: {job['error']}")
    return token, user, plan


def measure(stack: Stack, options: argparse.Namespace) -> list[Row]:
    token, user, plan = prepare(stack)
    bearer = (f"Authorization: Bearer {token}",)
    environment = stack.environment() | QUIET | {"BENCH_USER_ID": user, "BENCH_PLAN_ID": plan}
    app = "bedplate.app:create_app"
    seen: dict[str, list[float]] = {}

    def take(name: str, url: str, worker: int, headers: tuple[str, ...] = ()) -> None:
        result: Result = load(url, worker, seconds=options.seconds, headers=headers)
        if result.refused:
            sys.exit(f"bench: {name}: {result.refused} requests were refused")
        seen.setdefault(name, []).append(result.rate)
        sys.stderr.write(f"  {name:<16} {result.rate:>9.0f}/s {result.server_cpu_us:>7.0f} µs of CPU\n")

    ports = PORTS
    with (
        serving(app, ports["service"], interface="asgi", factory=True, environment=environment) as service,
        serving(app, ports["lean"], interface="asgi", factory=True, environment=environment | LEAN) as lean,
        serving(
            "reference_rsgi:app", ports["rsgi"], interface="rsgi", factory=False, environment=environment
        ) as rsgi,
        serving(
            "reference_litestar:app", ports["litestar"], interface="asgi", factory=False, environment={}
        ) as bare,
        serving(app, ports["trip"], interface="asgi", factory=True, environment=environment | TRIP) as trip,
    ):
        for _ in range(options.rounds):
            origin = f"http://127.0.0.1:{ports['service']}"
            take("rsgi me", f"http://127.0.0.1:{ports['rsgi']}/me", rsgi)
            take("me", f"{origin}/v1/me", service, bearer)
            take("lean me", f"http://127.0.0.1:{ports['lean']}/v1/me", lean, bearer)
            take("rsgi list", f"http://127.0.0.1:{ports['rsgi']}/list", rsgi)
            tasks, graph = f"/v1/plans/{plan}/tasks?limit=20", f"/v1/plans/{plan}/graph"
            take("list", origin + tasks, service, (*bearer, UNCACHED))
            take("list kept", origin + tasks, service, bearer)
            take("graph", origin + graph, service, (*bearer, UNCACHED))
            take("graph kept", origin + graph, service, bearer)
            take("graph kept, trip", f"http://127.0.0.1:{ports['trip']}{graph}", trip, bearer)
            take("bare", f"http://127.0.0.1:{ports['litestar']}/", bare)
            if options.template:
                take(
                    "template",
                    options.template,
                    service,
                    (f"Authorization: Bearer {options.template_token}",),
                )
    middle = {name: statistics.median(rates) for name, rates in seen.items()}
    peer = middle["me"] / middle["template"] if "template" in middle else None
    return [
        Row("GET /v1/me", "raw asyncpg on granian RSGI", 0.35, 0.5, middle["me"] / middle["rsgi me"]),
        Row("GET /v1/me", "FastAPI template's /users/me", 5, 10, peer),
        Row(
            "list of 20 by keyset",
            "raw asyncpg on granian RSGI",
            0.35,
            0.5,
            middle["list"] / middle["rsgi list"],
        ),
        Row(
            "GET /v1/me, all layers ÷ without",
            "time without them",
            1.8,
            1.3,
            middle["lean me"] / middle["me"],
            most=True,
        ),
        Row(
            "cached GET, one Redis trip",
            "a bare Litestar handler",
            0.2,
            0.2,
            middle["graph kept, trip"] / middle["bare"],
        ),
        Row(
            "cached GET, the process's tier",
            "a bare Litestar handler",
            0.2,
            0.6,
            middle["graph kept"] / middle["bare"],
        ),
        Row("cached graph", "the same, made", 1, 5, middle["graph kept"] / middle["graph"]),
        Row("cached list of 20", "the same, read", 1, 2, middle["list kept"] / middle["list"]),
        Row("GET /v1/me", "a bare Litestar handler", 0, 0, middle["me"] / middle["bare"]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=4, help="seconds a measurement takes")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the median counts")
    parser.add_argument("--template", help="whole URL of the FastAPI template's /users/me")
    parser.add_argument("--template-token", default="", help="its bearer token")
    options = parser.parse_args()
    wrk_or_exit()
    with tempfile.TemporaryDirectory(prefix="bedplate-bench-") as folder:
        stack = Stack(folder)
        try:
            rows = measure(stack, options)
        finally:
            stack.close()
    print(f"{'work':<34} {'against':<34} {'floor':>6} {'aim':>6} {'ratio':>8}")
    for row in rows:
        print(row.line())


if __name__ == "__main__":
    main()
