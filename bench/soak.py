"""A process at saturation for minutes: memory flat, no request failed, the slowest no slower than at first.

`uv run python bench/soak.py [--minutes N] [--picture docs/pictures/soak.svg] [--caption WORDS]`

Needs wrk. Reads of several kinds, kept and not, and a write for each fifty of them, from 32 connections; sampled
every few seconds. The first fifth of the time is warm-up and judges nothing.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from load import CONNECTIONS, LOAD_CORE, number, pinned, serving, wrk_or_exit
from run import QUIET, Stack, prepare
from soak_picture import Curve, picture

PORT, PAGE = 18221, os.sysconf("SC_PAGE_SIZE")
SCRIPT = Path(__file__).with_name("soak.lua")
WARM_UP, FLAT, STABLE = 0.2, 0.05, 1.5
MEGA = 1 << 20


@dataclass(frozen=True)
class Sample:
    """What one window showed: MiB at its end, the 99th percentile in ms, requests and those not answered 2xx."""

    at: float
    memory: float
    p99: float
    rate: float
    failed: int


def run(options: argparse.Namespace) -> list[Sample]:
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory(prefix="bedplate-soak-") as folder:
        stack = Stack(folder)
        try:
            _, _, plan = prepare(stack)
            environment = stack.environment() | QUIET
            app = "bedplate.app:create_app"
            with serving(app, PORT, interface="asgi", factory=True, environment=environment) as worker:
                begun = time.monotonic()
                while time.monotonic() - begun < options.minutes * 60:
                    sample = window(worker, plan, sign_in(stack), options.window, begun)
                    samples.append(sample)
                    sys.stderr.write(
                        f"  {sample.at:>5.0f} s {sample.memory:>7.1f} MiB {sample.p99:>7.1f} ms"
                        f" {sample.rate:>7.0f}/s {sample.failed} failed\n"
                    )
        finally:
            stack.close()
    return samples


def sign_in(stack: Stack) -> str:
    """A fresh token for each window: one lives five minutes."""
    credentials = {"email": stack.address["admin_email"], "password": stack.address["admin_password"]}
    return stack.call("POST", "/v1/auth/login", json.dumps(credentials).encode())["access_token"]


def window(worker: int, plan: str, token: str, seconds: int, begun: float) -> Sample:
    command = [wrk_or_exit(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(SCRIPT)]
    # A late answer is the 99th percentile's business; who gives up counts as failed.
    command += ["--timeout", "30s"]
    command.append(f"http://127.0.0.1:{PORT}")
    environment = {**os.environ, "SOAK_PLAN": plan, "SOAK_TOKEN": token}
    told = subprocess.run(
        pinned(LOAD_CORE, command), env=environment, capture_output=True, text=True, check=True
    ).stdout
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    failed = number(r"Non-2xx or 3xx responses: (\d+)", told) + sum(
        map(int, errors.groups() if errors else ())
    )
    return Sample(
        time.monotonic() - begun,
        memory_of(worker),
        p99_of(told),
        number(r"Requests/sec:\s+([\d.]+)", told),
        int(failed),
    )


def memory_of(worker: int) -> float:
    pages = int(Path(f"/proc/{worker}/statm").read_text("ascii").split()[1])
    return pages * PAGE / MEGA


def p99_of(told: str) -> float:
    """The 99th percentile in ms."""
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", told)
    return float(found.group(1)) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found.group(2)] if found else 0.0


def verdict(samples: Sequence[Sample]) -> dict[str, tuple[bool, str]]:
    """Each promise, whether it held, and by what figure: the last quarter against the first after warm-up."""
    judged = samples[int(len(samples) * WARM_UP) :]
    quarter = max(1, len(judged) // 4)
    first, last = judged[:quarter], judged[-quarter:]
    memory = statistics.median(s.memory for s in last) / statistics.median(s.memory for s in first) - 1
    p99 = statistics.median(s.p99 for s in last) / statistics.median(s.p99 for s in first)
    failed = sum(sample.failed for sample in samples)
    return {
        "memory flat": (abs(memory) <= FLAT, f"{memory:+.1%}, at most {FLAT:.0%}"),
        "no request failed": (failed == 0, f"{failed} failed"),
        "p99 stable": (p99 <= STABLE, f"{p99:.2f} of what it was, at most {STABLE}"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--window", type=int, default=5, help="seconds between samples")
    parser.add_argument("--picture", type=Path, help="where to draw what was seen, as SVG")
    parser.add_argument("--caption", default="", help="words below the picture: where, and beside what")
    options = parser.parse_args()
    wrk_or_exit()
    samples = run(options)
    found = verdict(samples)
    for promise, (held, figure) in found.items():
        print(f"{promise:<20} {'holds' if held else 'BROKEN':<7} {figure}")
    if options.picture:
        curves = [
            Curve("Memory of the process (RSS), MiB", [(s.at, s.memory) for s in samples]),
            Curve("Slowest hundredth of requests (p99), ms", [(s.at, s.p99) for s in samples]),
            Curve("Requests a second", [(s.at, s.rate) for s in samples]),
            Curve("Requests that failed", [(s.at, float(s.failed)) for s in samples]),
        ]
        told = "; ".join(f"{promise}: {figure}" for promise, (_, figure) in found.items())
        options.picture.write_text(picture(curves, [told, options.caption]), "utf-8")
    sys.exit(0 if all(held for held, _ in found.values()) else 1)


if __name__ == "__main__":
    main()
