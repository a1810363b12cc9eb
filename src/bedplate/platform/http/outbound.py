import asyncio
import socket
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from bedplate.platform.telemetry.outbound import TracedTransport

MAX_BYTES = 1_048_576
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(httpx.ConnectError):
    """The name leads to an address that the service may not call for somebody else."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} is not at a public address")


class GuardedTransport(httpx.AsyncBaseTransport):
    """Calls public addresses alone: private, loopback, link-local and mapped ones are refused (API7:2023).

    The name is resolved once and the connection goes to the very address that was checked, so that a name
    which changes its mind in between (rebinding) changes nothing. TLS still checks the name.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport | None = None, *, allow_private: bool = False) -> None:
        self._given = inner
        self._allow_private = allow_private

    @cached_property
    def _inner(self) -> httpx.AsyncBaseTransport:
        # Reading the certificate authorities takes a tenth of a start; most processes never call out.
        return self._given or httpx.AsyncHTTPTransport(retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the address that was checked.

        Raises:
            AddressRefused: the host is, or is also, at an address that is not public, or TLS is missing.
        """
        if self._allow_private:
            return await self._inner.handle_async_request(request)
        host = request.url.host
        if request.url.scheme != "https":
            raise AddressRefused(host)
        address = await resolve_public(host, request.url.port or 443)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the inner transport, if there was a use for it."""
        if "_inner" in self.__dict__:
            await self._inner.aclose()


def outbound_client(*, timeout: float, allow_private: bool = False) -> httpx.AsyncClient:
    """A client for addresses that others chose: guarded, traced, without redirects and the proxies' settings."""
    guarded = GuardedTransport(allow_private=allow_private)
    return httpx.AsyncClient(
        transport=TracedTransport(guarded), timeout=timeout, follow_redirects=False, trust_env=False
    )


async def resolve_public(host: str, port: int) -> str:
    """One public address of a host, all of whose addresses must be public.

    Raises:
        AddressRefused: one of them is not, or there is none.
    """
    try:
        addresses = await look_up(host, port)
    except OSError:
        raise AddressRefused(host) from None
    if not addresses or not all(is_public(address) for address in addresses):
        raise AddressRefused(host)
    return addresses[0]


async def look_up(host: str, port: int) -> list[str]:
    """Every address of a host, as the machine's resolver tells."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_public(text: str) -> bool:
    """Whether an address, unwrapped from IPv6 if it is an IPv4 one in disguise, is reachable by everybody."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    address = _unwrapped(address)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


async def read_limited(response: httpx.Response) -> bytes:
    """The body of a streamed answer, of at most a mebibyte.

    Raises:
        httpx.TransportError: it is larger.
    """
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            raise httpx.TransportError("The answer is too large")
    return bytes(body)
