from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from bedplate.settings import Settings
from fixtures.service import Served, serve

ORIGIN = "https://app.example"


@pytest.fixture(scope="session")
def edged(settings: Settings) -> Iterator[Served]:
    """The service under granian with each edge set to what the tests reach soon."""
    told = {
        "BEDPLATE_HTTP_BODY_TIMEOUT": "1",
        "BEDPLATE_HTTP_ALLOWED_ORIGINS": ORIGIN,
        "BEDPLATE_HTTP_ALLOWED_HOSTS": "127.0.0.1,*.bedplate.test",
    }
    served = serve(settings, worker=False, **told)
    yield served
    served.stop()


@pytest.fixture
async def visitor(edged: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=edged.origin, timeout=30) as client:
        yield client
