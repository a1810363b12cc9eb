import asyncio
import contextlib
import os
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from bedplate.platform.background import in_background
from bedplate.platform.telemetry.gc_watch import GENERATIONS, GcWatch
from bedplate.platform.telemetry.metrics import counter, gauge, histogram

TICK = 0.25
EVERY = 4
LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)

LOOP_LAG = histogram("loop_lag_seconds", "How late the event loop wakes.", buckets=LAG_SECONDS)
CPU = counter("process_cpu_seconds_total", "Processor time of all processes.")
MEMORY = gauge("process_memory_bytes", "Resident memory of all processes.")
FILES = gauge("process_open_files", "Open file descriptors of the process that has most.", mode="livemax")
THREADS = gauge("process_threads", "Threads of all processes.")
PROCESSES = gauge("processes", "Processes that run.")
GC_RUNS = counter("gc_collections_total", "Garbage collections.", ["generation"])
GC_SECONDS = counter("gc_pause_seconds_total", "Time that garbage collections took.", ["generation"])
POOL_IN_USE = gauge("db_pool_in_use", "Connections lent out.", ["pool"])
POOL_SIZE = gauge("db_pool_size", "Connections that may be open.", ["pool"])
POOL_USE = gauge(
    "db_pool_use", "Share of its connections that the fullest process has lent out.", ["pool"], mode="livemax"
)
POOL_WAITING = gauge("db_pool_waiting", "Callers that wait for a connection.", ["pool"])
BUILD = gauge("build_info", "One, by version.", ["version"], mode="livemax")

_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATM = Path("/proc/self/statm")
_FDS = Path("/proc/self/fd")


class Pool(Protocol):
    """A pool of connections as it stands now."""

    @property
    def in_use(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def waiting(self) -> int: ...


class ProcessWatch:
    """Reads this process's state every second into gauges, which several processes can share."""

    def __init__(self, version: str) -> None:
        self.pools: dict[str, Pool] = {}
        self._gc = GcWatch()
        self._cpu = 0.0
        self._version = version

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Watch for as long as the process works."""
        self._begin()
        try:
            async with in_background(self._run()):
                yield
        finally:
            self._gc.stop()

    def _begin(self) -> None:
        self._gc.start()
        for series in (CPU, MEMORY, FILES, THREADS, LOOP_LAG):
            series()
        for series in (GC_RUNS, GC_SECONDS):
            series.begin(GENERATIONS)
        BUILD(self._version).set(1)
        self._read()
        # Last: whoever counts this process finds all that it tells.
        PROCESSES().set(1)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        ticks = 0
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            LOOP_LAG().observe(max(0.0, loop.time() - due))
            ticks += 1
            if ticks % EVERY == 0:
                self._read()

    def _read(self) -> None:
        cpu = time.process_time()
        CPU().inc(cpu - self._cpu)
        self._cpu = cpu
        THREADS().set(threading.active_count())
        with contextlib.suppress(OSError):
            MEMORY().set(int(_STATM.read_text("ascii").split()[1]) * _PAGE)
            FILES().set(sum(1 for _ in _FDS.iterdir()))
        for generation, runs, seconds in self._gc.take():
            GC_RUNS(generation).inc(runs)
            GC_SECONDS(generation).inc(seconds)
        for name, pool in self.pools.items():
            POOL_IN_USE(name).set(pool.in_use)
            POOL_SIZE(name).set(pool.size)
            POOL_USE(name).set(pool.in_use / pool.size if pool.size else 0.0)
            POOL_WAITING(name).set(pool.waiting)


class EnginePool:
    """A SQLAlchemy engine's pool, that of `Database`."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    @property
    def in_use(self) -> int:
        """Connections lent out."""
        return int(self._engine.pool.checkedout())

    @property
    def size(self) -> int:
        """Connections the pool may open."""
        return int(self._engine.pool.size())

    @property
    def waiting(self) -> int:
        """Callers that wait for a connection."""
        return int(self._engine.pool.waiting)
