"""Several processes, one scrape: each writes its series to a file of a shared folder.

prometheus-client reads the variable below once, as it is imported: it must be in a process's environment before.
"""

import os
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_PROC = Path("/proc")
_DEAD = ("", "Z", "X")


def prepare(folder: Path) -> dict[str, str]:
    """Empty the folder, and return what the environment of the processes that share it must hold.

    Called once, by whoever starts them: what a former run left would be counted twice.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in folder.glob("*.db"):
        left.unlink(missing_ok=True)
    return {VARIABLE: str(folder)}


def shared_folder() -> Path | None:
    """Return the folder, or nothing where this process is alone."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


def forget_dead(folder: Path) -> None:
    """Remove the live gauges of processes that are no more; their counters stay, or totals would fall."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not _alive(int(pid)):
            file.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    if _PROC.is_dir():
        return _state(pid) not in _DEAD
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _state(pid: int) -> str:
    # A killed process answers signal 0 until its parent has asked for its end; its state tells the truth.
    try:
        stat = (_PROC / str(pid) / "stat").read_text("ascii", "replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]
