import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bedplate.platform.telemetry.multiprocess import prepare
from fixtures.service import free_port

HERE = Path(__file__).parent
POOL = 'bedplate_db_pool_{}{{pool="reads"}}'
WORK = 'bedplate_http_requests_total{method="GET",route="/work",status="200"}'


@asynccontextmanager
async def granian(
    workers: int, **environment: str
) -> AsyncIterator[tuple[httpx.AsyncClient, subprocess.Popen]]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "served:create"),
        *("--port", str(port), "--workers", str(workers), "--workers-kill-timeout", "10"),
        *("--log-level", "warning", "--working-dir", str(HERE)),
    ]
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=2)
    limits = httpx.Limits(max_keepalive_connections=0)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits) as client:
            await answering(client)
            yield client, process
    finally:
        process.terminate()
        process.wait(60)


async def answering(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await client.get("/metrics")
            except httpx.TransportError:
                await asyncio.sleep(0.02)
            else:
                return


def value(text: str, series: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(series + " "))


async def test_every_span_of_a_server_stopped_by_sigterm_arrives(collector):
    async with granian(1, OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint) as (client, process):
        for _ in range(10):
            assert (await client.get("/work")).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert [s.name for s in collector.spans].count("GET /work") == 10
    assert [s.name for s in collector.spans].count("inside") == 10


@pytest.mark.parametrize("processes", [2, pytest.param(4, marks=pytest.mark.nightly)])
async def test_counters_of_processes_are_exact_after_one_was_killed(tmp_path, processes):
    environment = {"FIRST": str(tmp_path / "first"), **prepare(tmp_path)}
    async with granian(processes, GRANIAN_RESPAWN_FAILED_WORKERS="true", **environment) as (client, _):
        # The first that is up would answer all.
        await until_told(client, f"bedplate_processes {processes}.0")
        first = [int((await client.get("/work")).text) for _ in range(200)]
        before = (await client.get("/metrics")).text
        assert value(before, WORK) == 200
        # One process has lent out all it has, and the average would hide it.
        assert [value(before, POOL.format(name)) for name in ("in_use", "size", "use")] == [
            processes + 1,
            2 * processes,
            1,
        ]
        os.kill(first[0], signal.SIGKILL)
        await until_told(client, f"bedplate_processes {processes - 1}.0")
        await until_told(client, f"bedplate_processes {processes}.0")
        second = [int((await client.get("/work")).text) for _ in range(200)]
        text = (await client.get("/metrics")).text
    assert len(set(first)) > 1
    assert first[0] not in second
    assert value(text, WORK) == 400
    assert value(text, "bedplate_processes") == processes
    assert value(text, POOL.format("size")) == 2 * processes


@pytest.mark.nightly
async def test_counters_are_exact_after_ten_thousand_requests_a_kill_and_a_rolling_restart(tmp_path, capfd):
    served: list[int] = []
    async with granian(4, GRANIAN_RESPAWN_FAILED_WORKERS="true", **prepare(tmp_path)) as (client, process):
        await answered(client, served, 3_000)
        os.kill(served[0], signal.SIGKILL)
        await answered(client, served, 6_000)
        await until_told(client, "bedplate_processes 4.0")
        before = set(served[3_000:])
        process.send_signal(signal.SIGHUP)
        await answered(client, served, 9_000)
        async with asyncio.timeout(90):
            while any(Path(f"/proc/{pid}").exists() for pid in before):
                await asyncio.sleep(0.05)
        await answered(client, served, 10_000)
        await until_told(client, "bedplate_processes 4.0")
        text = (await client.get("/metrics")).text
    assert not set(served[9_000:]) & before
    # The truth is what the processes themselves wrote, a line for each request that they finished.
    lines = capfd.readouterr().err.count('"route":"/work","status":200')
    assert value(text, WORK) == lines >= 10_000


async def answered(client: httpx.AsyncClient, served: list[int], until: int) -> None:
    """Send requests until so many are answered; whose connection a stopping process drops asks again."""
    async with asyncio.timeout(180):
        while len(served) < until:
            with contextlib.suppress(httpx.TransportError):
                served.append(int((await client.get("/work")).text))


async def until_told(client: httpx.AsyncClient, line: str) -> None:
    async with asyncio.timeout(60):
        while line not in await scrape(client):
            await asyncio.sleep(0.02)


async def scrape(client: httpx.AsyncClient) -> str:
    try:
        return (await client.get("/metrics")).text
    except httpx.TransportError:
        return ""


async def test_what_a_former_run_left_is_not_counted(tmp_path):
    (tmp_path / "counter_1.db").write_bytes(b"left")
    prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []
