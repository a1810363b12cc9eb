from collections.abc import AsyncIterator

import pytest
from litestar import Litestar

from fixtures.federation import house
from fixtures.openid import OpenIdServer


@pytest.fixture
async def openid(app: Litestar) -> AsyncIterator[OpenIdServer]:
    """A provider that the application knows as `house`, for one test."""
    async with house(app) as server:
        yield server
