import os
import signal
from collections.abc import Callable

from bedplate.platform.embedded.binaries import Binaries
from bedplate.platform.embedded.cluster import APPLICATION, DATABASE, OWNER, SUPERUSER, create_cluster
from bedplate.platform.embedded.home import Home
from bedplate.platform.embedded.process import command_line, in_folder, send, until
from bedplate.platform.embedded.server import Server, recorded_pid

_PORT = 5432  # only names the socket: it listens to no address
_STATUS_LINE = 7  # of postmaster.pid, from 0: src/include/utils/pidfile.h

_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "max_connections": "200",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """PostgreSQL on a unix socket in a folder that only its account can enter."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # ends the sessions, writes a checkpoint

    def __init__(
        self,
        home: Home,
        binaries: Binaries,
        major: int,
        *,
        durable: bool,
        progress: Callable[[str], None],
    ) -> None:
        super().__init__(home, binaries, durable=durable, progress=progress)
        # without links: PostgreSQL's processes tell their folder so
        self.data = home.root.resolve() / f"postgres-{major}"
        self._pid_file = self.data / "postmaster.pid"
        self._socket_lock = home.sockets / f".s.PGSQL.{_PORT}.lock"

    def url(self, role: str = APPLICATION, database: str = DATABASE) -> str:
        """What asyncpg, SQLAlchemy and psql take."""
        return f"postgresql://{role}@/{database}?host={self.home.sockets}&port={_PORT}"

    @property
    def owner_url(self) -> str:
        """The role that owns the database and runs migrations."""
        return self.url(OWNER)

    @property
    def superuser_url(self) -> str:
        """The role that makes databases, on the database that nobody clones."""
        return self.url(SUPERUSER, "postgres")

    def _command(self, programs: Binaries) -> list[str]:
        self._prepare(programs)
        settings = _SETTINGS | {"unix_socket_directories": str(self.home.sockets)}
        if not self._durable:
            settings |= _NOT_DURABLE
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [str(programs.postgres / "postgres"), "-D", str(self.data), *options]

    def _prepare(self, programs: Binaries) -> None:
        if not self.data.exists():
            create_cluster(
                self.data, programs.postgres, self.home, durable=self._durable, progress=self._progress
            )
        elif self._pid_file.exists():
            self._clear_crash()
        self._socket_lock.unlink(missing_ok=True)

    def _clear_crash(self) -> None:
        """Make way after a kill: a busy session outlives its server, and its pid may be another's by now.

        The file is rewritten, not removed: PostgreSQL takes its parent's pid for stale, and then still
        checks that the shared memory named in the file is unused.
        """
        for pid in in_folder(self.data):
            send(pid, signal.SIGKILL)
        until(lambda: not in_folder(self.data), 10.0)
        _, *rest = self._pid_file.read_text().split("\n")
        self._pid_file.write_text("\n".join([str(os.getpid()), *rest]))

    def _is_ready(self) -> bool:
        # read once: between two reads a server that recovers replaces the file of the one that was killed,
        # and the old one's status would pass for the new one's
        try:
            pid, *rest = self._pid_file.read_text().split("\n")
        except OSError:
            return False
        ready = len(rest) >= _STATUS_LINE and rest[_STATUS_LINE - 1].strip() == "ready"
        return ready and pid.isdecimal() and self._is_ours(int(pid))

    def _recorded_pids(self) -> list[int]:
        # the second outlives a data folder that was deleted under the running server
        return recorded_pid(self._pid_file) + recorded_pid(self._socket_lock)

    def _is_ours(self, pid: int) -> bool:
        return str(self.data) in command_line(pid)
