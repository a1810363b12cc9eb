import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping

from bedplate.cli.errors import CommandError
from bedplate.settings.http import HttpSettings

PR_SET_PDEATHSIG = 1
ANYWHERE = {"0.0.0.0", "::", ""}
KILL_TIMEOUT = 10
_libc = ctypes.CDLL(None, use_errno=True)


def api_command(host: str, port: int, workers: int) -> list[str]:
    """The server's command: granian on the application's factory."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "bedplate.app:create_app"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--workers-kill-timeout", str(KILL_TIMEOUT), "--no-ws", "--log-level", "warning"),
    ]


def listening_address(host: str) -> str:
    """The address to listen on for a host that may be a name, such as localhost: granian takes no names.

    Raises:
        CommandError: the name is not known.
    """
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise CommandError(
            f"{host} is no address of this machine ({error.strerror}); choose another with --host or BEDPLATE_HTTP_HOST"
        ) from error


def listener_origin(host: str, port: int) -> str:
    """The origin at which this machine reaches a listener, whatever URL the public knows it by."""
    reached = "127.0.0.1" if host in ANYWHERE else host
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def server_limits(http: HttpSettings) -> dict[str, str]:
    """The variables by which granian holds a request's head to our limits; more than 100 fields it never takes."""
    return {
        "GRANIAN_HTTP1_BUFFER_SIZE": str(http.max_headers),
        "GRANIAN_HTTP1_HEADER_READ_TIMEOUT": str(int(http.header_timeout * 1000)),
        "GRANIAN_HTTP2_MAX_HEADERS_SIZE": str(http.max_headers),
    }


def worker_command() -> list[str]:
    """The worker's command."""
    return [sys.executable, "-m", "bedplate", "worker"]


def start_child(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a process that ends when this one does, however this one ends; it writes to standard error."""
    # preexec_fn is safe here: `up` has one thread when it starts its children.
    return subprocess.Popen(  # noqa: S603 - our own programs
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=2,
        preexec_fn=_tied(os.getpid()),  # noqa: PLW1509
    )


def _tied(parent: int) -> Callable[[], None]:
    def tie() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # A terminal's Ctrl-C goes to the whole group; `up` alone decides who stops when.
        os.setpgid(0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def stop_children(children: list[subprocess.Popen[bytes]], patience: float) -> None:
    """Ask each to end, wait for all, and kill whoever has not within `patience` seconds."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        end_group(child)


def end_group(ended: subprocess.Popen[bytes]) -> None:
    """Kill what a child left behind: granian's workers outlive their main process, and keep the port, when it is killed."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(ended.pid, signal.SIGKILL)
