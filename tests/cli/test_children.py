"""The processes of `bedplate up`."""

import socket

import pytest

from bedplate.cli.children import listener_origin, listening_address
from bedplate.cli.errors import CommandError


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
