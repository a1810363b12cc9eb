"""Against npm's oidc-provider; `.ci/oidc` installs and starts it, and says what is skipped without it."""

import base64
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import msgspec
import pytest
from joserfc.jwk import RSAKey
from litestar import Litestar

from bedplate.domains.federation.dependencies import connect_providers
from bedplate.domains.federation.provider import OpenIdProvider
from bedplate.settings.auth import AuthSettings
from bedplate.settings.oidc import OidcSettings
from fixtures.federation import challenge_of, profile, trade

ISSUER = os.environ.get("BEDPLATE_TEST_OPENID_ISSUER", "")
pytestmark = [
    pytest.mark.security,
    pytest.mark.skipif(not ISSUER, reason="needs npm's oidc-provider: run .ci/oidc"),
]


@pytest.fixture
async def real(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setenv("REAL_SECRET", "only-for-this-test")
    provider = (
        f'[{{"name":"real","issuer":"{ISSUER}","client_id":"bedplate","client_secret":"env:REAL_SECRET"}}]'
    )
    settings = OidcSettings(providers=provider, allow_private_networks=True)
    before = app.state.providers
    app.state.providers = connect_providers(settings, AuthSettings(), "http://bedplate.test")
    yield
    await app.state.providers.close()
    app.state.providers = before


async def visit(address: str, login: str) -> dict[str, str]:
    """Sign in and consent as a person would, up to the redirect that brings him back."""
    async with httpx.AsyncClient(timeout=20) as browser:
        answer = await browser.get(address)
        for _ in range(12):
            target = urljoin(str(answer.request.url), answer.headers.get("location", ""))
            if target.startswith("http://bedplate.test/"):
                query = parse_qs(urlsplit(target).query)
                return {name: values[0] for name, values in query.items()}
            if answer.is_redirect:
                answer = await browser.get(target)
                continue
            action = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
            assert action is not None, answer.text
            assert prompt is not None, answer.text
            form = {"prompt": prompt[1], "login": login, "password": "any"}
            answer = await browser.post(urljoin(str(answer.request.url), action[1]), data=form)
    raise AssertionError("the provider never sent him back")


async def begin(asgi: httpx.AsyncClient, verifier: str) -> str:
    params = {"provider": "real", "code_challenge": challenge_of(verifier)}
    answer = await asgi.get("/v1/auth/authorize", params=params, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()["authorization_url"]


@pytest.mark.usefixtures("real")
async def test_a_person_signs_in_and_comes_back_as_the_same(asgi: httpx.AsyncClient) -> None:
    login, ids = f"person-{secrets.token_hex(4)}", set[str]()
    for _ in range(2):
        verifier = secrets.token_urlsafe(48)
        back = await visit(await begin(asgi, verifier), login)
        assert back["iss"] == ISSUER
        answer = await trade(asgi, verifier, back)
        assert answer.status_code == 200, answer.text
        me = await profile(asgi, answer)
        assert me["email"] == f"{login}@team.example"
        ids.add(me["id"])
    assert len(ids) == 1


def other_end(text: str) -> str:
    return text[:-1] + ("A" if text[-1] != "A" else "B")


ON_THE_WAY: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "another code": lambda back: back | {"code": other_end(back["code"])},
    "an empty code": lambda back: back | {"code": ""},
    "no code": lambda back: {name: value for name, value in back.items() if name != "code"},
    "another state": lambda back: back | {"state": other_end(back["state"])},
    "no state": lambda back: {name: value for name, value in back.items() if name != "state"},
    "another issuer": lambda back: back | {"iss": "https://evil.example"},
    "nearly the issuer": lambda back: back | {"iss": back["iss"] + "/"},
    "no issuer": lambda back: {name: value for name, value in back.items() if name != "iss"},
}


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("name", ON_THE_WAY)
async def test_what_was_tampered_with_on_the_way_is_refused(asgi: httpx.AsyncClient, name: str) -> None:
    verifier = secrets.token_urlsafe(48)
    back = await visit(await begin(asgi, verifier), f"person-{secrets.token_hex(4)}")
    refused = await trade(asgi, verifier, ON_THE_WAY[name](back))
    assert refused.status_code in {400, 502}
    assert "access_token" not in refused.text


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("verifier", [None, "x" * 43, ""])
async def test_without_the_verifier_that_began_it_nobody_is_signed_in(
    asgi: httpx.AsyncClient, verifier: str | None
) -> None:
    back = await visit(await begin(asgi, secrets.token_urlsafe(48)), f"person-{secrets.token_hex(4)}")
    form = {"grant_type": "authorization_code", **back}
    refused = await asgi.post(
        "/v1/auth/token", data=form if verifier is None else form | {"code_verifier": verifier}
    )
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@pytest.mark.usefixtures("real")
async def test_a_way_back_that_was_used_is_used_up(asgi: httpx.AsyncClient) -> None:
    verifier, login = secrets.token_urlsafe(48), f"person-{secrets.token_hex(4)}"
    back = await visit(await begin(asgi, verifier), login)
    assert (await trade(asgi, verifier, back)).status_code == 200
    assert (await trade(asgi, verifier, back)).json()["error"] == "invalid_grant"
    fresh = await visit(await begin(asgi, verifier), login)
    replayed = await trade(asgi, verifier, fresh | {"code": back["code"]})
    assert (replayed.status_code, replayed.json()["provider_error"]) == (502, "invalid_grant")


class Between(httpx.AsyncHTTPTransport):
    """Somebody between the provider and us, who changes what it answers."""

    def __init__(self, path: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__()
        self._path = path
        self._change = change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.url.path != self._path:
            return answer
        body = msgspec.json.decode(await answer.aread(), type=dict[str, Any])
        await answer.aclose()
        return httpx.Response(answer.status_code, json=self._change(body))


def retold(**claims: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Other claims in the ID token, under its old signature."""

    def change(answer: dict[str, Any]) -> dict[str, Any]:
        head, body, signature = answer["id_token"].split(".")
        told = msgspec.json.decode(base64.urlsafe_b64decode(body + "=="), type=dict[str, Any]) | claims
        body = base64.urlsafe_b64encode(msgspec.json.encode(told)).rstrip(b"=").decode()
        return answer | {"id_token": f"{head}.{body}.{signature}"}

    return change


def unsigned(answer: dict[str, Any]) -> dict[str, Any]:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return answer | {"id_token": f"{head}.{answer['id_token'].split('.')[1]}."}


def another_key(found: dict[str, Any]) -> dict[str, Any]:
    key = RSAKey.generate_key(2048).as_dict(private=False)
    return {"keys": [{**old, "n": key["n"]} for old in found["keys"]]}


TOKENS, KEYS, DISCOVERY = "/token", "/jwks", "/.well-known/openid-configuration"
BETWEEN = {
    "another subject": (TOKENS, retold(sub="somebody-else")),
    "another address": (TOKENS, retold(email="victim@team.example")),
    "another audience": (TOKENS, retold(aud="another-client")),
    "a later end": (TOKENS, retold(exp=4_000_000_000)),
    "no signature": (TOKENS, unsigned),
    "half a signature": (TOKENS, lambda answer: answer | {"id_token": answer["id_token"][:-20]}),
    "an access token as ID token": (TOKENS, lambda answer: answer | {"id_token": answer["access_token"]}),
    "no ID token": (TOKENS, lambda answer: {k: v for k, v in answer.items() if k != "id_token"}),
    "other keys": (KEYS, another_key),
    "no keys": (KEYS, lambda _: {"keys": []}),
    "another issuer's discovery": (DISCOVERY, lambda found: found | {"issuer": "https://evil.example"}),
}


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("name", BETWEEN)
async def test_what_was_tampered_with_between_the_provider_and_us_is_refused(
    asgi: httpx.AsyncClient, app: Litestar, name: str
) -> None:
    honest = app.state.providers.named("real")
    client = httpx.AsyncClient(transport=Between(*BETWEEN[name]))
    app.state.providers.by_name["real"] = OpenIdProvider(honest.settings, client, skew=60)
    verifier = secrets.token_urlsafe(48)
    params = {"provider": "real", "code_challenge": challenge_of(verifier)}
    answer = await asgi.get("/v1/auth/authorize", params=params, headers={"Accept": "application/json"})
    if answer.status_code == 200:
        back = await visit(answer.json()["authorization_url"], f"person-{secrets.token_hex(4)}")
        answer = await trade(asgi, verifier, back)
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_failed")
    await client.aclose()
    app.state.providers.by_name["real"] = honest


@pytest.mark.usefixtures("real")
async def test_anothers_code_does_not_fit_ones_own_sign_in(asgi: httpx.AsyncClient) -> None:
    mine, theirs = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
    own = await visit(await begin(asgi, mine), f"person-{secrets.token_hex(4)}")
    stolen = await visit(await begin(asgi, theirs), f"victim-{secrets.token_hex(4)}")
    injected = await trade(asgi, mine, {**own, "code": stolen["code"]})
    assert (injected.status_code, injected.json()["provider_error"]) == (502, "invalid_grant")
