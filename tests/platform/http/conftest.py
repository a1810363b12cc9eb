from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from bedplate.settings import Settings

ORIGIN = "https://app.example"


@pytest.fixture(scope="session")
def edged(settings: Settings) -> Iterator[Any]:
    """The service under granian with each edge set to what the tests reach soon."""
    # A plugin is registered before it is imported, and this file is read before that.
    from fixtures.service import serve

    told = {
        "BEDPLATE_HTTP_BODY_TIMEOUT": "1",
        "BEDPLATE_HTTP_ALLOWED_ORIGINS": ORIGIN,
        "BEDPLATE_HTTP_ALLOWED_HOSTS": "127.0.0.1,*.bedplate.test",
    }
    served = serve(settings, worker=False, **told)
    yield served
    served.stop()


@pytest.fixture
async def visitor(edged: Any) -> AsyncIterator[httpx.AsyncClient]:
    from fixtures.service import PLAIN

    async with httpx.AsyncClient(base_url=edged.origin, timeout=30, verify=PLAIN) as client:
        yield client
