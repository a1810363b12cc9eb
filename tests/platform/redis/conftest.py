"""Real clusters and sentinels of the embedded program, on free ports of the loopback."""

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError

from bedplate.platform.embedded.binaries import find_binaries
from fixtures.service import free_port

START_SECONDS, LOOK_SECONDS = 60, 0.02
SLOTS, NODES = 16384, 3


@dataclass
class Servers:
    """Processes of valkey-server by their ports, each in a folder."""

    folder: Path
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *words: str, port: int | None = None, **config: object) -> int:
        """Start one; its port, once it answers."""
        port = port or free_port()
        home = self.folder / str(port)
        home.mkdir(exist_ok=True)
        settings = {"port": port, "bind": "127.0.0.1", "dir": home, "logfile": home / "log", **config}
        lines = [f"{name.replace('_', '-')} {value}" for name, value in settings.items()]
        (home / "valkey.conf").write_text("\n".join(lines) + "\n")
        command = [str(find_binaries().valkey), str(home / "valkey.conf"), *words]
        self.running[port] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(lambda: call(port, "PING") is not None)
        return port

    def kill(self, port: int) -> None:
        process = self.running.pop(port)
        process.kill()
        process.wait()

    def stop(self) -> None:
        for port in list(self.running):
            self.kill(port)


def call(port: int, *words: object) -> Any:
    """A server's answer; None when it has none."""
    try:
        with Redis(port=port, socket_timeout=5, decode_responses=True) as client:
            return client.execute_command(*words)
    except (OSError, RedisError):
        return None


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(LOOK_SECONDS)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    servers = Servers(tmp_path_factory.mktemp("servers"))
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def cluster_url(servers: Servers) -> str:
    """Three primaries that share the slots."""
    buses = [free_port() for _ in range(NODES)]
    ports = [servers.start(save="''", cluster_enabled="yes", cluster_port=bus) for bus in buses]
    for place, port in enumerate(ports):
        call(port, "CLUSTER", "ADDSLOTSRANGE", SLOTS * place // NODES, SLOTS * (place + 1) // NODES - 1)
        call(ports[0], "CLUSTER", "MEET", "127.0.0.1", port, buses[place])
    wait_for(lambda: all("ok" in str(state(port)) for port in ports))
    return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)


def state(port: int) -> object:
    told = call(port, "CLUSTER", "INFO") or {}
    return told.get("cluster_state") if isinstance(told, dict) else "".join(told.split()[:1])


@dataclass
class Watched:
    """A primary with a replica, and the sentinel that makes the one the other."""

    servers: Servers
    primary: int
    sentinel: int

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel}/bedplate/0"

    def fail_over(self) -> None:
        """Kill the primary, and wait until the sentinel has put another in its place."""
        self.servers.kill(self.primary)
        wait_for(lambda: self._told() not in {None, self.primary})
        self.primary = self._told() or 0
        wait_for(lambda: (call(self.primary, "ROLE") or [""])[0] == "master")

    def _told(self) -> int | None:
        told = call(self.sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "bedplate")
        return int(told[1]) if told else None


@pytest.fixture
def watched(servers: Servers) -> Watched:
    primary = servers.start(save="''")
    servers.start(save="''", replicaof=f"127.0.0.1 {primary}", repl_diskless_sync_delay=0)
    wait_for(lambda: (call(primary, "ROLE") or ["", 0, []])[2] != [])
    sentinel = servers.start("--sentinel", sentinel=f"monitor bedplate 127.0.0.1 {primary} 1")
    for name, value in (("down-after-milliseconds", 1000), ("failover-timeout", 2000)):
        call(sentinel, "SENTINEL", "SET", "bedplate", name, value)
    wait_for(lambda: bool(call(sentinel, "SENTINEL", "REPLICAS", "bedplate")))
    return Watched(servers, primary, sentinel)
