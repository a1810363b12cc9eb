"""What one call costs, in microseconds of processor time, by the processes that spend it.

`uv run python bench/costs.py [--calls 300]`: the time that processes were given, which other work on the machine
stretches far less than the time that passes. Everything is on, as `bedplate up` serves it.
"""

import argparse
import asyncio
import itertools
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx

from run import Stack, prepare

TICK = os.sysconf("SC_CLK_TCK")
PARTS = ("api", "postgresql", "valkey", "worker")
AT_ONCE, WARM = 8, 5

type Call = Callable[[int], Awaitable[httpx.Response]]


def processor_time(root: int) -> dict[str, float]:
    """Seconds of processor time of a process's descendants, by what they are."""
    parents, lines, used = dict[int, int](), dict[int, str](), dict[int, float]()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                lines[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
            parents[int(entry.name)] = int(stat[1])
            used[int(entry.name)] = sum(map(int, stat[11:15])) / TICK
    spent: dict[str, float] = dict.fromkeys(PARTS, 0.0)
    for pid, line in lines.items():
        part = _part(line)
        if part and root in _ancestors(pid, parents):
            spent[part] += used[pid]
    return spent


def _ancestors(pid: int, parents: dict[int, int]) -> Iterator[int]:
    while pid in parents:
        pid = parents[pid]
        yield pid


def _part(line: str) -> str:
    if "valkey-server" in line:
        return "valkey"
    if "postgres" in line:
        return "postgresql"
    if "granian" in line:
        return "api"
    return "worker" if " worker" in line else ""


async def measure(root: int, call: Call, calls: int, at_once: int) -> dict[str, float]:
    """Microseconds of each part for one call."""
    numbers = itertools.count()
    for _ in range(WARM):
        (await call(next(numbers))).raise_for_status()
    before = processor_time(root)

    async def go_on() -> None:
        while (number := next(numbers)) < calls + WARM:
            (await call(number)).raise_for_status()

    await asyncio.gather(*(go_on() for _ in range(at_once)))
    after = processor_time(root)
    return {part: (after[part] - before[part]) / calls * 1e6 for part in PARTS}


async def run(stack: Stack, calls: int) -> None:
    token, _, plan = prepare(stack)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=stack.address["api"], headers=headers, timeout=60) as client:
        tasks = (await client.get(f"/v1/plans/{plan}/tasks")).json()["items"]
        task = tasks[0]["id"]
        etag = (await client.get(f"/v1/tasks/{task}")).headers["etag"]
        credentials = {"email": stack.address["admin_email"], "password": stack.address["admin_password"]}
        export = f"/v1/plans/{plan}/exports"

        async def finished(_: int) -> httpx.Response:
            job = await client.post(export, json={})
            while True:
                seen = await client.get(f"/v1/jobs/{job.json()['id']}")
                if seen.json()["state"] not in {"queued", "running"}:
                    return seen
                await asyncio.sleep(0.1)

        work: list[tuple[str, Call, int]] = [
            ("`GET /health/live`", lambda _: client.get("/health/live"), calls),
            ("`GET /v1/me`", lambda _: client.get("/v1/me"), calls),
            ("`GET /v1/tasks/{id}`", lambda _: client.get(f"/v1/tasks/{task}"), calls),
            ("the same, unchanged: 304", lambda _: unchanged(client, f"/v1/tasks/{task}", etag), calls),
            ("`GET …/tasks`, twenty, kept", lambda _: client.get(f"/v1/plans/{plan}/tasks"), calls),
            ("`GET …/graph`, kept", lambda _: client.get(f"/v1/plans/{plan}/graph"), calls),
            ("an export as a job, asked for until done", finished, max(calls // 20, 5)),
            (
                "`POST /v1/auth/login`",
                lambda _: client.post("/v1/auth/login", json=credentials),
                max(calls // 20, 5),
            ),
            (
                "`POST …/tasks`",
                lambda n: client.post(f"/v1/plans/{plan}/tasks", json={"title": f"Task {n}"}),
                calls,
            ),
        ]
        print(f"| call | {' | '.join(PARTS)} |\n|---|{'---:|' * len(PARTS)}")
        for name, call, times in work:
            cost = await measure(stack.pid, call, times, AT_ONCE if times == calls else 1)
            print(f"| {name} | {' | '.join(f'{cost[part]:,.0f}' for part in PARTS)} |", flush=True)


async def unchanged(client: httpx.AsyncClient, path: str, etag: str) -> httpx.Response:
    answer = await client.get(path, headers={"If-None-Match": etag})
    answer.status_code = 200 if answer.status_code == 304 else answer.status_code  # noqa: PLR2004 - RFC 9110's 304
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bedplate-bench-") as folder:
        stack = Stack(folder)
        try:
            asyncio.run(run(stack, options.calls))
        finally:
            stack.close()


if __name__ == "__main__":
    main()
