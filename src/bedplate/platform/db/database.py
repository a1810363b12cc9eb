from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bedplate.platform.db.connecting import open_connection
from bedplate.platform.db.metered import MeteredPool
from bedplate.platform.db.pool import Connection, ReadPool
from bedplate.platform.db.replica import Marks, Replica
from bedplate.platform.db.session import unit_of_work
from bedplate.platform.db.sign_of_life import SignOfLife
from bedplate.platform.telemetry.sql import trace_engine
from bedplate.settings.database import DatabaseSettings


class Database:
    """The process's connections: transactions, durable writes and compiled reads, a pool each."""

    def __init__(self, settings: DatabaseSettings, *, application: str = "bedplate") -> None:
        self.settings = settings
        self._application = application
        self.engine = self._engine(settings.pool_size)
        self.durable_engine = self._engine(settings.durable_pool_size)
        self.reads = ReadPool(
            partial(self.connect, timed=False), size=settings.read_pool_size, timeout=settings.pool_timeout
        )
        self.sign_of_life = SignOfLife(self.connect)
        self.replica: Replica | None = None
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autobegin=True)
        self._durable_sessions = async_sessionmaker(self.durable_engine, expire_on_commit=False)

    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open the session of one unit of work."""
        return unit_of_work(self._sessions(), self)

    def durable(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session whose commit does not hang on the request's; see `durably`."""
        return unit_of_work(self._durable_sessions(), self)

    async def connect(self, *, timed: bool = True, direct: bool = False, **parameters: str) -> Connection:
        """Open a connection outside every pool; `parameters` are PostgreSQL's run-time parameters.

        One that is not `timed` leaves it to PostgreSQL and to the caller's own deadline to end a statement:
        a timer a statement costs a read a tenth. A `direct` one goes past PgBouncer, where there is one.
        """
        configured = self.settings
        url = configured.direct_url if direct else configured.url
        return await open_connection(
            configured,
            url.reveal(),
            application=self._application,
            timed=timed,
            pooled=configured.pooled and not direct,
            parameters=parameters,
        )

    def follow(self, marks: Marks) -> None:
        """Send reads that bear a lag to the replica, where the settings name one; `marks` are all processes'."""
        configured = self.settings
        if configured.replica_url:
            pool = ReadPool(
                self._connect_replica, size=configured.read_pool_size, timeout=configured.connect_timeout
            )
            self.replica = Replica(self.reads, pool, marks, max_lag=configured.replica_max_lag)

    async def _connect_replica(self) -> Connection:
        return await open_connection(
            self.settings,
            self.settings.replica_url.reveal(),
            application=self._application,
            timed=True,
            pooled=self.settings.pooled,
            parameters={},
        )

    def _engine(self, size: int) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+asyncpg://",
            connect_args={"async_creator_fn": self.connect, **self._statements()},
            pool_size=size,
            max_overflow=0,
            poolclass=MeteredPool,
            pool_timeout=self.settings.pool_timeout,
            json_serializer=_dump,
            json_deserializer=msgspec.json.decode,
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        trace_engine(engine.sync_engine)
        return engine

    def _statements(self) -> dict[str, Any]:
        if self.settings.statement_cache_size:
            return {}
        # SQLAlchemy has a cache of its own, and names that two clients of one pooled connection would share.
        return {"prepared_statement_cache_size": 0, "prepared_statement_name_func": str}

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncGenerator[None]:
        """Hold the pools open for as long as the application runs."""
        try:
            async with self.replica.lifespan() if self.replica else nullcontext():
                yield
        finally:
            await self.close()

    async def close(self) -> None:
        """Close every pool."""
        self.sign_of_life.close()
        await self.reads.close()
        await self.engine.dispose()
        await self.durable_engine.dispose()


def _refuse_closed(dbapi_connection: Any, _record: object, _proxy: object) -> None:
    # asyncpg sees a server's close at once; asking it costs nothing, a ping costs a round trip.
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError


def _dump(value: object) -> str:
    return msgspec.json.encode(value).decode()
