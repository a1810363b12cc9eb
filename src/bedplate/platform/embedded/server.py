import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from bedplate.platform.embedded.binaries import Binaries, within_reach
from bedplate.platform.embedded.errors import EmbeddedError, failure
from bedplate.platform.embedded.home import Home
from bedplate.platform.embedded.process import send, spawn, until

_READY = 60.0  # seconds: a recovery after a crash may read much
_STOP = 30.0  # seconds before a polite stop becomes a kill
_LOG_LIMIT = 10_000_000  # bytes; one older log is kept


class Server(ABC):
    """One server of our own: its life from outside, each part of it idempotent."""

    name: str
    stop_signal: signal.Signals

    def __init__(
        self, home: Home, binaries: Binaries, *, durable: bool, progress: Callable[[str], None]
    ) -> None:
        self.home = home
        self.tied = True  # it ends with this process
        self._binaries = binaries
        self._durable = durable
        self._progress = progress
        self._child = 0
        self._log_start = 0

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.home.root / f"{self.name.lower()}.log"

    @property
    def pid(self) -> int | None:
        """The running server's process, whoever started it."""
        return next(filter(self._is_ours, self._recorded_pids()), None)

    def start(self) -> None:
        """Start and wait until it answers.

        Raises:
            EmbeddedError: with what to do about it
        """
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start without waiting; the rest is `wait_ready`."""
        if self._lives():
            return
        programs = within_reach(self._binaries, self.home, self._progress)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        command = self._command(programs)
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._child = spawn(command, self.home.account, self.log, tied=self.tied)

    def wait_ready(self) -> None:
        """Wait until the launched server answers."""
        if not until(lambda: self._is_ready() or not self._lives(), _READY):
            raise EmbeddedError(f"{self.name} was not ready within {_READY:.0f} seconds: read {self.log}.")
        if not self._lives():
            raise failure(self.name, self._said(), self.home.root)

    def stop(self) -> None:
        """End it the polite way, data written out; wait until it is gone."""
        self.signal(self.stop_signal)
        if not until(lambda: not self._lives(), _STOP):
            self.kill()

    def kill(self) -> None:
        """End it as a crash would, by SIGKILL."""
        self.signal(signal.SIGKILL)
        until(lambda: not self._lives(), _STOP)

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def signal(self, number: signal.Signals) -> None:
        """Signal the server, if it runs; wait for nothing."""
        if self._lives():
            send(self.pid or self._child, number)

    @abstractmethod
    def _command(self, programs: Binaries) -> list[str]:
        """Prepare what the server needs, and say how to start it."""

    @abstractmethod
    def _is_ready(self) -> bool: ...

    @abstractmethod
    def _recorded_pids(self) -> list[int]: ...

    @abstractmethod
    def _is_ours(self, pid: int) -> bool: ...

    def _lives(self) -> bool:
        return self._child_lives() or self.pid is not None

    def _child_lives(self) -> bool:
        if not self._child:
            return False
        try:
            ended, _ = os.waitpid(self._child, os.WNOHANG)
        except ChildProcessError:
            ended = self._child  # the child of the process that forked us
        if ended:
            self._child = 0
        return not ended

    def _said(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")


def recorded_pid(path: Path) -> list[int]:
    """The pid on the first line of a pid file, or nothing."""
    try:
        return [int(path.read_text().split("\n", 1)[0])]
    except (OSError, ValueError):
        return []
