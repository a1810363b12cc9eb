import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

CONNECTIONS = 32
SERVER_CORE, LOAD_CORE = "0", "1"


@dataclass(frozen=True)
class Result:
    """Requests a second, and the share that was not 2xx."""

    rate: float
    refused: int
    server_cpu_us: float


def wrk_or_exit() -> str:
    """The load generator; a Python loop would measure itself."""
    found = shutil.which("wrk")
    if found is None:
        sys.exit("bench: wrk is missing; install it with `apt-get install wrk` or `brew install wrk`")
    return found


def pinned(core: str, command: list[str]) -> list[str]:
    """Hold a command to one core."""
    return (
        ["taskset", "-c", core, *command]
        if shutil.which("taskset") and (os.cpu_count() or 1) > 1
        else command
    )


@contextmanager
def serving(
    target: str, port: int, *, interface: str, factory: bool, environment: dict[str, str]
) -> Generator[int]:
    """Serve an application under granian, one process on one core; yields its worker's pid."""
    command = [sys.executable, "-m", "granian", "--interface", interface, target, "--port", str(port)]
    command += ["--no-ws", "--log-level", "error", "--workers-kill-timeout", "3"]
    command += ["--factory"] if factory else []
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        pinned(SERVER_CORE, command),
        env={**os.environ, **environment, "PYTHONPATH": path},
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _await(port, server)
            yield _worker_of(server.pid)
        finally:
            server.terminate()
            server.wait(15)


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            sys.exit("bench: a server ended at once; see above")
        try:
            urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
        except OSError as error:
            if "refused" in str(error):
                time.sleep(0.05)
                continue
        return
    sys.exit("bench: a server did not start")


def _worker_of(parent: int) -> int:
    with pathlib.Path(f"/proc/{parent}/task/{parent}/children").open() as children:
        found = children.read().split()
    return int(found[-1]) if found else parent


def _cpu_seconds(pid: int) -> float:
    with pathlib.Path(f"/proc/{pid}/stat").open() as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(url: str, worker: int, *, seconds: int, headers: tuple[str, ...] = ()) -> Result:
    """Load a URL from 32 keep-alive connections on the other core."""
    options = [option for header in headers for option in ("-H", header)]
    command = [wrk_or_exit(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *options, url]
    before = _cpu_seconds(worker)
    output = subprocess.run(pinned(LOAD_CORE, command), capture_output=True, text=True, check=True).stdout
    cpu = _cpu_seconds(worker) - before
    rate, total = number(r"Requests/sec:\s+([\d.]+)", output), number(r"(\d+) requests in", output)
    refused = number(r"Non-2xx or 3xx responses: (\d+)", output)
    return Result(rate, int(refused), cpu / max(total, 1) * 1e6)


def number(pattern: str, text: str) -> float:
    """The figure that a pattern finds; nought without one."""
    found = re.search(pattern, text)
    return float(found.group(1)) if found else 0.0
