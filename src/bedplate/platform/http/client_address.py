from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

type Address = IPv4Address | IPv6Address

ADDRESS, NETWORK = "client_address", "client_network"
NOBODY = "local"
"""The peer of a unix socket."""

IPV6_PREFIX = 64
FORWARDED = b"x-forwarded-for"


class ClientAddresses:
    """Finds who is behind the proxies. X-Forwarded-For is believed as far as the networks named reach.

    It is read from the right, each hop vouching for the one before it; the first that is not trusted is
    the client, and what stands left of him is his own claim.
    """

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = [ip_network(network, strict=False) for network in trusted]

    def place(self, scope: Any) -> str:
        """Put the client's address and network into the scope's state; returns the network."""
        peer = scope.get("client")
        address = peer[0] if peer else NOBODY
        if self._trusted and self._trusts(_parsed(address)):
            address = self._behind(address, scope["headers"])
        state = scope["state"]
        state[ADDRESS] = address
        state[NETWORK] = network = network_of_address(address)
        return network

    def _behind(self, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> str:
        named = b",".join(value for name, value in headers if name == FORWARDED).decode("latin-1")
        found = peer
        for hop in reversed(named.split(",")):
            address = _parsed(hop.strip())
            if address is None:
                return found
            found = str(address)
            if not self._trusts(address):
                return found
        return found

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def address_of(scope: Any) -> str:
    """The client's address."""
    known = scope["state"].get(ADDRESS)
    peer = scope.get("client")
    return known or (peer[0] if peer else NOBODY)


def network_of(scope: Any) -> str:
    """The network that is counted as one client: the address itself, of IPv6 the /64."""
    return scope["state"].get(NETWORK) or network_of_address(address_of(scope))


@lru_cache(maxsize=4096)
def network_of_address(address: str) -> str:
    """An address, normalised; of IPv6 the /64 that a subscriber is given."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed or address)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    # Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
