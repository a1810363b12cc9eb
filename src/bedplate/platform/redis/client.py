from typing import Any, cast
from urllib.parse import unquote, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from bedplate.settings.redis import RedisSettings

type Client = Redis | RedisCluster

DOWN = (RedisError, OSError, TimeoutError)
"""What a call raises when the server does not answer, or answers that it cannot."""

SENTINEL_PORT, CLUSTER_PORT = 26379, 6379
HARD_TIMEOUTS = 8
"""A socket is given up after this many command timeouts; callers lose patience before, see `Watchdog`."""


def connect(settings: RedisSettings, *, timeout: float | None = None) -> Client:
    """Make a client; it connects when it is first used.

    `redis://`, `rediss://` and `unix://` name one server, `redis+sentinel://a:26379,b:26379/service/0` a
    watched one, `redis+cluster://a:6379,b:6379` a cluster. `timeout` overrides how long a socket may be
    silent, in seconds; a subscriber passes infinity.
    """
    url = settings.url.reveal()
    scheme = url.partition("://")[0]
    silence = max(settings.timeout * HARD_TIMEOUTS, 2.0) if timeout is None else timeout
    options: dict[str, Any] = {
        "socket_timeout": None if silence == float("inf") else silence,
        "socket_connect_timeout": settings.connect_timeout,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 3,
    }
    if scheme == "redis+sentinel":
        return _watched(url, options)
    if scheme == "redis+cluster":
        return _cluster(url, options | {"max_connections": settings.max_connections})
    # A full pool is a queue, not an outage.
    pool = BlockingConnectionPool.from_url(
        url, max_connections=settings.max_connections, timeout=silence, **options
    )
    return Redis.from_pool(pool)


class _WatchedRedis(Redis):
    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: FBT001 - redis' own
        """Close the connections to the watched server, and those to whoever watches it, which nobody else does."""
        await super().aclose(close_connection_pool)
        pool = cast("SentinelConnectionPool", self.connection_pool)
        for watcher in cast("Sentinel", pool.sentinel_manager).sentinels:
            await watcher.aclose()


def _watched(url: str, options: dict[str, Any]) -> Redis:
    parts = urlsplit(url)
    service, _, number = parts.path.strip("/").partition("/")
    login = _login(url)
    sentinel = Sentinel(_hosts(url, SENTINEL_PORT), sentinel_kwargs={**options, **login}, **options, **login)
    return sentinel.master_for(service or "mymaster", _WatchedRedis, db=int(number or 0))


def _cluster(url: str, options: dict[str, Any]) -> RedisCluster:
    nodes = [ClusterNode(host, port) for host, port in _hosts(url, CLUSTER_PORT)]
    # Once more after a node has said that a slot moved on, or did not answer.
    options["retry"] = Retry(NoBackoff(), 1)
    # A word that servers do not know costs each connection a round trip.
    options["maint_notifications_config"] = MaintNotificationsConfig(enabled=False)
    return RedisCluster(startup_nodes=nodes, **options, **_login(url))


def _hosts(url: str, default_port: int) -> list[tuple[str, int]]:
    hosts = urlsplit(url).netloc.rpartition("@")[2]
    found = [part.rpartition(":") for part in hosts.split(",") if part]
    return [
        (host.strip("[]"), int(port)) if separator else (port.strip("[]"), default_port)
        for host, separator, port in found
    ]


def _login(url: str) -> dict[str, Any]:
    name, _, password = urlsplit(url).netloc.rpartition("@")[0].partition(":")
    given = {"username": unquote(name), "password": unquote(password)}
    return {key: value for key, value in given.items() if value}
