import httpx
import pytest

from bedplate.platform.http.outbound import AddressRefused, GuardedTransport, is_public, outbound_client

pytestmark = pytest.mark.security

INSIDE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "not an address",
]


@pytest.mark.parametrize("address", INSIDE)
def test_row_27_addresses_inside_are_refused(address: str) -> None:
    assert is_public(address) is False


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_row_27_public_addresses_pass(address: str) -> None:
    assert is_public(address) is True


def guarded(seen: list[httpx.Request]) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(302, headers={"Location": "https://169.254.169.254/"})

    return httpx.AsyncClient(transport=GuardedTransport(httpx.MockTransport(answer)))


async def test_row_27_a_name_with_one_address_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    patched(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    seen: list[httpx.Request] = []
    async with guarded(seen) as client:
        with pytest.raises(AddressRefused):
            await client.get("https://both.example/")
    assert seen == []


async def test_row_27_a_name_is_asked_once_and_its_checked_address_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = patched(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    seen: list[httpx.Request] = []
    async with guarded(seen) as client:
        answer = await client.get("https://rebound.example/keys")
    assert answer.status_code == 302
    assert asked == ["rebound.example"]
    assert seen[0].url.host == "93.184.215.14"
    assert seen[0].headers["host"] == "rebound.example"
    assert seen[0].extensions["sni_hostname"] == "rebound.example"


async def test_row_27_without_tls_nothing_is_called() -> None:
    seen: list[httpx.Request] = []
    async with guarded(seen) as client:
        with pytest.raises(AddressRefused):
            await client.get("http://93.184.215.14/")
    assert seen == []


async def test_row_27_the_client_follows_no_redirect_and_no_proxy_of_the_environment() -> None:
    async with outbound_client(timeout=1) as client:
        assert client.follow_redirects is False
        assert client.trust_env is False
        with pytest.raises(AddressRefused):
            await client.get("https://127.0.0.1/")


def patched(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    asked: list[str] = []

    async def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    monkeypatch.setattr("bedplate.platform.http.outbound.look_up", look_up)
    return asked
