import contextlib
import signal
import socket
from collections.abc import Callable

from bedplate.platform.embedded.binaries import Binaries
from bedplate.platform.embedded.home import Home
from bedplate.platform.embedded.process import command_line
from bedplate.platform.embedded.server import Server, recorded_pid


class Valkey(Server):
    """Valkey on a unix socket, every write in the append-only file before it is answered."""

    name = "Valkey"
    stop_signal = signal.SIGTERM

    def __init__(
        self, home: Home, binaries: Binaries, *, durable: bool, progress: Callable[[str], None]
    ) -> None:
        super().__init__(home, binaries, durable=durable, progress=progress)
        self._socket = home.sockets / "valkey.sock"
        self._pid_file = home.sockets / "valkey.pid"

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def _command(self, programs: Binaries) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "pidfile": str(self._pid_file),
            "dir": str(self.home.folder("valkey")),
            "appendonly": "yes",
            "appendfsync": "everysec" if self._durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            "set-proc-title": "no",  # its arguments stay readable: that is how we know it again
        }
        return [
            str(programs.valkey),
            *(word for key, value in options.items() for word in (f"--{key}", value)),
        ]

    def _is_ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.settimeout(1)
            client.connect(str(self._socket))
            client.sendall(b"PING\r\n")
            # while it reads its file the answer is an error
            return client.recv(64).startswith(b"+PONG")
        return False

    def _recorded_pids(self) -> list[int]:
        return recorded_pid(self._pid_file)

    def _is_ours(self, pid: int) -> bool:
        return str(self._socket) in command_line(pid)
