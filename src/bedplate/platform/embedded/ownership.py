import fcntl
import os
from pathlib import Path

import msgspec

_held: set[int] = set()


def _let_go() -> None:
    """In a forked child: the lock is the parent's, and must end with it."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


class Owner(msgspec.Struct, frozen=True):
    """Who started the running servers; the start time tells it from a later process of the same pid."""

    pid: int
    started: str
    detached: bool

    @property
    def lives(self) -> bool:
        return _started(self.pid) == self.started


class Ownership:
    """One process at a time has the servers of a data folder: a lock, and a note for the others."""

    def __init__(self, data_dir: Path) -> None:
        self.lock = data_dir / "engines.lock"
        self._note = data_dir / "engines.json"
        self._descriptor = -1

    @property
    def mine(self) -> bool:
        """Whether this process, not one that it was forked from, holds the lock."""
        return self._descriptor in _held

    def acquire(self) -> bool:
        """Take the lock if it is free."""
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        _held.add(descriptor)
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self.mine:
            _held.discard(self._descriptor)
            os.close(self._descriptor)
        self._descriptor = -1

    def publish(self, *, detached: bool) -> None:
        """Tell the others that the servers answer."""
        owner = Owner(os.getpid(), _started(os.getpid()), detached)
        unfinished = self._note.with_suffix(".unfinished")
        unfinished.write_bytes(msgspec.json.encode(owner))
        unfinished.replace(self._note)

    def withdraw(self) -> None:
        """Take the note away: the servers no longer answer."""
        self._note.unlink(missing_ok=True)

    def owner(self) -> Owner | None:
        """Who published last; perhaps it lives no more."""
        try:
            return msgspec.json.decode(self._note.read_bytes(), type=Owner)
        except (OSError, msgspec.DecodeError):
            return None


def _started(pid: int) -> str:
    """The process's start in clock ticks since boot, field 22 of proc_pid_stat(5); empty when it is gone."""
    try:
        # the second field, the name, may hold spaces and brackets
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
