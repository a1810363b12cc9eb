import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bedplate.platform.embedded.account import Account
from bedplate.platform.embedded.errors import EmbeddedError

_LAUNCH = str(Path(__file__).with_name("launch.py"))
_PAUSE = 0.004  # seconds between two looks


def spawn(command: list[str], account: Account, log: Path, *, tied: bool) -> int:
    """Start a server in a session of its own, away from the terminal's Ctrl-C; returns its pid.

    A tied server gets SIGINT when this process ends, however it ends.

    Raises:
        EmbeddedError: for a tied one outside the main thread: the kernel watches the thread, which may
            end long before the process
    """
    if tied and threading.current_thread() is not threading.main_thread():
        raise EmbeddedError("Start the embedded servers from the main thread: they end with their starter.")
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        _launched(command, account, signal.SIGINT if tied else 0),
        _environment(),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.fspath(log), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def run(command: list[str], account: Account, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a helper program to its end; it does not outlive us."""
    tied = threading.current_thread() is threading.main_thread()
    return subprocess.run(  # noqa: S603 - our own programs
        _launched(command, account, signal.SIGKILL if tied else 0),
        env=_environment(),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def command_line(pid: int) -> list[str]:
    """The arguments of a process; none for one that has ended, waited for or not."""
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")[:-1]
    except OSError:
        return []


def in_folder(folder: Path) -> list[int]:
    """The processes that work in a folder, as far as we may see."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
    return found


def send(pid: int, number: signal.Signals) -> None:
    """Signal a process that may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def until(holds: Callable[[], bool], seconds: float, *, pause: float = _PAUSE) -> bool:
    """Wait for a condition; false when it did not come in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def _launched(command: list[str], account: Account, number: int) -> list[str]:
    parent = os.getpid() if number else 0
    numbers = (account.uid, account.gid, parent, int(number))
    return [sys.executable, "-I", "-S", _LAUNCH, *map(str, numbers), *command]


def _environment() -> dict[str, str]:
    """Nothing of ours: it may hold secrets, and PGDATA and the like lead the servers astray."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", **kept}
