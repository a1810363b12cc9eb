from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bedplate.platform.embedded.binaries import find_binaries
from bedplate.platform.embedded.errors import EmbeddedError
from bedplate.platform.embedded.home import find_home
from bedplate.platform.embedded.ownership import Ownership
from bedplate.platform.embedded.postgres import Postgres
from bedplate.platform.embedded.process import until
from bedplate.platform.embedded.valkey import Valkey

_OTHER_STARTS = 90.0  # seconds for another process to finish its start


@dataclass(frozen=True)
class EngineUrls:
    """Where the servers answer: the application's role, the cache, the database's owner, the superuser."""

    database_url: str
    redis_url: str
    owner_url: str
    superuser_url: str


class Engines:
    """PostgreSQL and Valkey of one data folder, on unix sockets.

    The process that starts them first owns them: they end with it, however it ends; others attach.
    Detached servers belong to the folder: they outlive their starter, until a detached `stop`.

    Args:
        data_dir: made if missing; its data is kept from run to run
        durable: false for tests: nothing waits for the disk, and a killed server may lose its last commits
        progress: told what takes long, and where the data is when it is not in `data_dir`
        detached: see above
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        progress: Callable[[str], None] | None = None,
        detached: bool = False,
    ) -> None:
        data_dir = data_dir.resolve()
        tell = progress or _silence
        binaries = find_binaries()
        major = binaries.postgres_major
        home = find_home(data_dir, tell)
        self.valkey = Valkey(home, binaries, durable=durable, progress=tell)
        self.postgres = Postgres(home, binaries, major, durable=durable, progress=tell)
        # Valkey first: it is up while PostgreSQL's cluster is made
        self._servers = (self.valkey, self.postgres)
        self._detached = detached
        self._ownership = Ownership(data_dir)

    @property
    def urls(self) -> EngineUrls:
        """Where the servers answer once they are started."""
        return EngineUrls(
            self.postgres.url(), self.valkey.url, self.postgres.owner_url, self.postgres.superuser_url
        )

    def start(self) -> EngineUrls:
        """Start the servers, those that ended meanwhile again, or attach to another process's.

        Raises:
            EmbeddedError: with what to do about it
        """
        if self._ownership.mine:
            self._launch()
        elif self._wins():
            self._begin()
        return self.urls

    def revive(self) -> bool:
        """Start again what ended, unless the process that owns it sees to that; whether anything had.

        Raises:
            EmbeddedError: with what to do about it
        """
        if all(server.pid for server in self._servers):
            return False
        if not self._ownership.mine and self._others_answer():
            return False
        self.start()
        return True

    def stop(self) -> None:
        """Stop the servers if this process owns them."""
        if self._detached and not self._ownership.mine:
            self._ownership.acquire()
        if self._ownership.mine:
            self._end()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wins(self) -> bool:
        """Take the lock, or find that the servers of its holder answer."""
        if not until(lambda: self._ownership.acquire() or self._others_answer(), _OTHER_STARTS):
            raise EmbeddedError(
                f"Another process holds {self._ownership.lock} but its servers do not answer: end it first."
            )
        return self._ownership.mine

    def _others_answer(self) -> bool:
        owner = self._ownership.owner()
        return owner is not None and owner.lives and not owner.detached

    def _begin(self) -> None:
        owner = self._ownership.owner()
        adopts = owner is not None and owner.detached and any(server.pid for server in self._servers)
        detached = adopts or self._detached
        if not adopts:
            # their owner was killed, and they are on their way out
            self._ownership.withdraw()
            self._stop_servers()
        for server in self._servers:
            server.tied = not detached
        try:
            self._launch()
            self._ownership.publish(detached=detached)
        except BaseException:
            self._end()
            raise
        if detached:
            self._ownership.release()

    def _launch(self) -> None:
        for server in self._servers:
            server.launch()
        for server in self._servers:
            server.wait_ready()

    def _end(self) -> None:
        self._ownership.withdraw()
        self._stop_servers()
        self._ownership.release()

    def _stop_servers(self) -> None:
        for server in self._servers:
            server.signal(server.stop_signal)
        for server in self._servers:
            server.stop()


def running(data_dir: Path) -> EngineUrls | None:
    """Where the servers of a data folder answer, if it has any that run; nothing is started or made."""
    if not (data_dir / "engines.json").exists():
        return None
    try:
        engines = Engines(data_dir)
    except EmbeddedError:
        return None
    return engines.urls if engines.postgres.pid and engines.valkey.pid else None


def _silence(_: str) -> None: ...
