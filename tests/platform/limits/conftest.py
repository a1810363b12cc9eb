from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from bedplate.platform.embedded.binaries import find_binaries
from bedplate.platform.embedded.home import find_home
from bedplate.platform.embedded.valkey import Valkey
from bedplate.platform.limits import Limits, Policy
from bedplate.platform.limits.rule import Charge
from bedplate.platform.redis import connect
from bedplate.settings import Secret
from bedplate.settings.limits import LimitsSettings
from bedplate.settings.redis import RedisSettings


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    client: Any = connect(RedisSettings(url=Secret(redis_url), timeout=2.0))
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture(scope="module")
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A server of the module's own, to stop and start; a test leaves it running."""
    folder = tmp_path_factory.mktemp("valkey")
    server = Valkey(find_home(folder, print), find_binaries(), durable=False, progress=print)
    server.start()
    yield server
    server.stop()


_opened: list[Limits] = []


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def limits_on(client: Any, *overrides: str, **settings: Any) -> Limits:
    told = LimitsSettings(overrides=overrides, **{"patience": 2.0, **settings})
    _opened.append(Limits(told, client, prefix="test"))
    return _opened[-1]


def charge(limits: Limits, policy: Policy, subject: str = "ip:192.0.2.1", cost: int = 1) -> Charge:
    rule = limits.book.rule(policy)
    assert rule is not None
    return Charge(rule, subject, cost)
