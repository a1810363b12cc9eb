import secrets
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from bedplate.domains.federation.provider import OpenIdProvider
from bedplate.domains.federation.service import Providers
from bedplate.settings import Secret
from bedplate.settings.oidc import OidcSettings, Provider
from fixtures.openid import CLIENT_ID, CLIENT_SECRET, ISSUER, REDIRECT, OpenIdServer


@pytest.fixture
async def openid(app: Litestar) -> AsyncIterator[OpenIdServer]:
    """A provider that the application knows as `house`, for one test."""
    server = OpenIdServer()
    server.person = {"sub": secrets.token_hex(8)}
    client = httpx.AsyncClient(transport=httpx.MockTransport(server.handle))
    settings = Provider(
        name="house",
        title="House",
        issuer=ISSUER,
        client_id=CLIENT_ID,
        client_secret=Secret(CLIENT_SECRET),
        scopes=("openid", "email"),
    )
    before = app.state.providers
    house = OpenIdProvider(settings, client, skew=60)
    app.state.providers = Providers(
        {"house": house}, "http://bedplate.test", OidcSettings(redirect_uris=(REDIRECT,))
    )
    yield server
    await app.state.providers.close()
    app.state.providers = before
