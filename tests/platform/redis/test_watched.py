"""A client of a server that sentinels watch."""

from bedplate.platform.redis import connect
from bedplate.settings import Secret
from bedplate.settings.redis import RedisSettings


class Watcher:
    closed = False

    async def aclose(self) -> None:
        self.closed = True


async def test_closing_it_closes_what_it_asks_for_the_server() -> None:
    client = connect(RedisSettings(url=Secret("redis+sentinel://127.0.0.1:9,127.0.0.1:19/service/0")))
    manager = client.connection_pool.sentinel_manager
    assert len(manager.sentinels) == 2
    manager.sentinels = [Watcher(), Watcher()]
    await client.aclose()
    assert [one.closed for one in manager.sentinels] == [True, True]
