"""The processes of `bedplate up`."""

import os
import socket
from pathlib import Path

import pytest

from bedplate.cli.children import listener_origin, listening_address, start_child, stop_children
from bedplate.cli.errors import CommandError
from bedplate.platform.embedded.process import command_line, until


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_where_this_machine_reaches_a_listener(host: str, origin: str) -> None:
    assert listener_origin(host, 80) == origin


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_an_address_is_listened_on_as_it_is(host: str) -> None:
    assert listening_address(host) == host


def test_a_name_is_listened_on_at_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listening_address("localhost") in {"127.0.0.1", "::1"}

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(CommandError, match=r"nohost is no address of this machine .*--host"):
        listening_address("nohost")


def test_what_a_killed_child_left_behind_ends_too(tmp_path: Path) -> None:
    left = tmp_path / "left"
    child = start_child(
        ["sh", "-c", f"sleep 60 & echo $! > {left}.new; mv {left}.new {left}; wait"], os.environ
    )
    assert until(left.exists, 30)
    child.kill()
    child.wait()
    [pid] = left.read_text().split()
    assert command_line(int(pid)) == ["sleep", "60"]
    stop_children([child], 1)
    assert until(lambda: not command_line(int(pid)), 30)
