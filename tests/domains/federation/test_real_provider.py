"""Against npm's oidc-provider; `.ci/oidc` installs and starts it, and says what is skipped without it."""

import os
import re
import secrets
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from litestar import Litestar

from bedplate.domains.federation.dependencies import connect_providers
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


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("tampered", ["code", "state", "iss", "verifier"])
async def test_what_was_tampered_with_on_the_way_is_refused(asgi: httpx.AsyncClient, tampered: str) -> None:
    verifier = secrets.token_urlsafe(48)
    back = await visit(await begin(asgi, verifier), f"person-{secrets.token_hex(4)}")
    if tampered == "verifier":
        verifier = secrets.token_urlsafe(48)
    else:
        back[tampered] = back[tampered][:-1] + ("A" if back[tampered][-1] != "A" else "B")
    refused = await trade(asgi, verifier, back)
    assert refused.status_code in {400, 502}
    assert "access_token" not in refused.text


@pytest.mark.usefixtures("real")
async def test_anothers_code_does_not_fit_ones_own_sign_in(asgi: httpx.AsyncClient) -> None:
    mine, theirs = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
    own = await visit(await begin(asgi, mine), f"person-{secrets.token_hex(4)}")
    stolen = await visit(await begin(asgi, theirs), f"victim-{secrets.token_hex(4)}")
    injected = await trade(asgi, mine, {**own, "code": stolen["code"]})
    assert (injected.status_code, injected.json()["provider_error"]) == (502, "invalid_grant")
