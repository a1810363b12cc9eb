import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest
from litestar import Request, Response, get
from litestar.middleware import DefineMiddleware
from uuid_utils.compat import uuid7

from bedplate.platform.auth.caller import Caller
from bedplate.platform.cache import Cache, Cached, cache_layer
from bedplate.platform.db import Database
from bedplate.platform.errors import Forbidden, Unavailable
from bedplate.platform.http.answers import versioned
from bedplate.platform.http.layers import RouteLayers
from bedplate.platform.http.problems import exception_handlers
from bedplate.platform.http.service import Service
from bedplate.platform.redis import connect
from bedplate.settings import Secret
from bedplate.settings.cache import CacheSettings
from bedplate.settings.database import DatabaseSettings
from bedplate.settings.redis import RedisSettings
from fixtures.servers import TestServers, clone_database

USERS = [uuid7() for _ in range(3)]
TEAMS = [uuid7() for _ in range(2)]


@dataclass
class Work:
    """What the handlers of a test count and wait for."""

    calls: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    value: str = "first"

    def __post_init__(self) -> None:
        self.gate.set()


class SignIn:
    """The caller of a request by a header: `user,team,role`."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope["user"] = None
        who = dict(scope["headers"]).get(b"x-who", b"").decode()
        if who:
            user, team, role, *_ = [*who.split(","), "", ""]
            scope["user"] = Caller(
                user_id=USERS[int(user)],
                team_id=TEAMS[int(team)] if team else None,
                roles=frozenset({role} if role else ()),
            )
        await self.app(scope, receive, send)


def application(cache: Cache, work: Work, **cached: Any) -> Service:
    async def answer(request: Request[Any, Any, Any]) -> Response[str]:
        work.calls += 1
        value = work.value
        await work.gate.wait()
        if work.fails:
            raise Unavailable
        caller = request.scope["user"]
        whose = f"{caller.user_id},{caller.team_id}" if caller else "nobody"
        roles = ",".join(caller.roles) if caller else ""
        body = f"{value} {request.url.path} {request.url.query} {roles} {whose}"
        return Response(body, headers=work.headers)

    def barred(connection: Any, _handler: Any) -> None:
        if connection.headers.get("x-barred"):
            raise Forbidden

    @get("/versioned", cached=Cached(60.0, scope="user", tags=("versioned",)))
    async def read_versioned(request: Request[Any, Any, Any]) -> Response[str]:
        work.calls += 1
        return versioned(request, work.value, 1)

    @get("/unkept", cached=Cached(60.0, scope="public"))
    async def read_unkept(request: Request[Any, Any, Any]) -> Response[str]:
        work.calls += 1
        return versioned(request, work.value, 1)  # it says `private`

    def route(path: str, name: str, **options: Any) -> Any:
        async def handler(request: Request[Any, Any, Any]) -> Response[str]:
            return await answer(request)

        handler.__name__ = name
        return get(path, cached=Cached(cached.get("ttl", 60.0), **options), guards=[barred])(handler)

    timing = {key: value for key, value in cached.items() if key != "ttl"}
    return Service(
        route_handlers=[
            read_versioned,
            read_unkept,
            route("/public/{thing:str}", "read_public", scope="public", tags=("thing:{thing}",), **timing),
            route("/team", "read_team", scope="team", tags=("team",), **timing),
            route("/mine", "read_mine", scope="user", tags=("mine:{user_id}",), **timing),
            route("/language", "read_language", scope="public", vary=("Accept-Language",), **timing),
        ],
        middleware=[SignIn, DefineMiddleware(RouteLayers, layers=[partial(cache_layer, cache=cache)])],
        exception_handlers=exception_handlers({}),
        openapi_config=None,
    )


@dataclass
class Process:
    """One process's cache with a client of its application."""

    cache: Cache
    client: httpx.AsyncClient
    work: Work


type Start = Callable[..., Any]


@pytest.fixture(scope="session")
def database_settings(worker_id: str) -> DatabaseSettings:
    """A database of these tests' own: another application's relay would take their outbox rows for its cache."""
    return clone_database(TestServers.from_environment(), f"{worker_id}_cache")


@pytest.fixture
async def database(database_settings: DatabaseSettings) -> AsyncIterator[Database]:
    database = Database(database_settings)
    async with database.transaction() as session:
        await (await session.connection()).exec_driver_sql("delete from cache_outbox")
    yield database
    await database.close()


@pytest.fixture
def redis_settings(redis_url: str) -> RedisSettings:
    return RedisSettings(url=Secret(redis_url), timeout=2.0)


@pytest.fixture
async def start(redis_settings: RedisSettings, database: Database) -> AsyncIterator[Start]:
    """Start what would be a process: `await start(work, tier=0, ttl=1.0)`; the store begins empty."""
    client: Any = connect(redis_settings)
    await client.flushdb()
    async with AsyncExitStack() as stack:

        async def begin(work: Work | None = None, *, tier: int = 1_000_000, **cached: Any) -> Process:
            work = work or Work()
            return await stack.enter_async_context(_process(client, database, work, tier, cached))

        yield begin
    await client.aclose()


@asynccontextmanager
async def _process(
    redis: Any, database: Database, work: Work, tier: int, cached: dict[str, Any]
) -> AsyncIterator[Process]:
    cache = Cache(CacheSettings(tier=tier, patience=2.0), redis, database, prefix="test")
    transport = httpx.ASGITransport(app=application(cache, work, **cached))
    async with (
        cache.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://a.test") as client,
    ):
        if tier:
            async with asyncio.timeout(5):
                while not cache.entries.pushed():
                    await asyncio.sleep(0.01)
        yield Process(cache, client, work)
