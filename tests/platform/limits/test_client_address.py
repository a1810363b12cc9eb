from typing import Any

import pytest

from bedplate.platform.http.client_address import ClientAddresses, address_of, network_of


def scope(peer: str | None, *forwarded: str) -> Any:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"client": (peer, 4711) if peer else None, "headers": headers, "state": {}}


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", ("1.2.3.4",), "203.0.113.9"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("1.2.3.4, 203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("1.2.3.4", "203.0.113.9, 10.0.0.2"), "203.0.113.9"),
        ("10.0.0.1", ("1.2.3.4, nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9:4711",), "203.0.113.9"),
        ("::ffff:10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("[2001:db8::7]:4711",), "2001:db8::7"),
        (None, ("203.0.113.9",), "local"),
    ],
)
def test_only_trusted_proxies_are_believed(
    peer: str | None, forwarded: tuple[str, ...], address: str
) -> None:
    asked = scope(peer, *forwarded)
    ClientAddresses(["10.0.0.0/8"]).place(asked)
    assert address_of(asked) == address


def test_nobody_is_trusted_by_default() -> None:
    asked = scope("10.0.0.1", "203.0.113.9")
    ClientAddresses([]).place(asked)
    assert address_of(asked) == "10.0.0.1"


def test_a_subscriber_of_ipv6_is_one_client() -> None:
    networks = {network_of(scope(f"2001:db8:1:2::{number}")) for number in range(1, 9)}
    assert networks == {"2001:db8:1:2::/64"}
    assert network_of(scope("2001:db8:1:3::1")) == "2001:db8:1:3::/64"
    assert network_of(scope("::ffff:192.0.2.1")) == "192.0.2.1"
