import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter_ns
from typing import Any

import asyncpg

from bedplate.platform.errors import Unavailable
from bedplate.platform.telemetry.spans import ROWS, SQL, leaf, recording

type Connection = asyncpg.Connection
type Connect = Callable[[], Awaitable[Connection]]

GONE = (
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,
    OSError,
)


class ReadPool:
    """A thin pool of asyncpg connections for single statements outside transactions.

    asyncpg's own pool resets each connection at release, which costs more than the read itself; nothing
    here leaves session state behind, so there is nothing to reset.
    """

    def __init__(self, connect: Connect, *, size: int, timeout: float) -> None:
        self._connect = connect
        self._size = size
        self._timeout = timeout
        self._idle: list[Connection] = []
        self._waiting: dict[asyncio.Future[Connection | None], float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._open = 0

    @property
    def in_use(self) -> int:
        """Connections that are running a statement now."""
        return self._open - len(self._idle)

    @property
    def size(self) -> int:
        """Connections the pool may open."""
        return self._size

    @property
    def waiting(self) -> int:
        """Callers that wait for a connection."""
        return len(self._waiting)

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a statement and return its rows; a connection found dead is replaced once.

        Raises:
            Unavailable: no connection came free within the timeout.
        """
        return await self._retried("fetch", sql, arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """Run a statement and return its first row."""
        return await self._retried("fetchrow", sql, arguments)

    async def lagging(self, method: str, sql: str, arguments: Sequence[Any]) -> Any:
        """Run a read that bears a lag, by asyncpg's method of that name; without a replica as any other."""
        return await self._retried(method, sql, arguments)

    async def _retried(self, method: str, sql: str, arguments: Sequence[Any]) -> Any:
        try:
            return await self._run(method, sql, arguments)
        except GONE:
            return await self._run(method, sql, arguments)

    async def _run(self, method: str, sql: str, arguments: Sequence[Any]) -> Any:
        parent = recording()
        if parent is None:
            return await self._send(method, sql, arguments)
        began = perf_counter_ns()
        try:
            found = await self._send(method, sql, arguments)
        except BaseException as error:
            leaf(parent, "sql", began, attributes={SQL: sql}, error=error)
            raise
        rows = len(found) if method == "fetch" else found is not None
        leaf(parent, "sql", began, attributes={SQL: sql, ROWS: int(rows)})
        return found

    async def _send(self, method: str, sql: str, arguments: Sequence[Any]) -> Any:
        connection = self._idle.pop() if self._idle else await self._acquire()
        try:
            return await getattr(connection, method)(sql, *arguments)
        except asyncpg.InternalClientError:
            connection.terminate()
            raise
        finally:
            self._release(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Lend a connection, for a transaction or a cursor."""
        connection = self._idle.pop() if self._idle else await self._acquire()
        try:
            yield connection
        except asyncpg.InternalClientError:
            # asyncpg lost its place, as when the server's last word arrives before a statement: unfit for more.
            connection.terminate()
            raise
        finally:
            self._release(connection)

    async def _acquire(self) -> Connection:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout
        try:
            while True:
                if self._idle:
                    return self._idle.pop()
                if self._open < self._size:
                    async with asyncio.timeout_at(deadline):
                        return await self._grow()
                connection = await self._wait(loop, deadline)
                if connection is not None:
                    return connection
        except TimeoutError as error:
            raise Unavailable("No database connection came free in time") from error

    async def _grow(self) -> Connection:
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._open -= 1
            self._wake(None)
            raise

    async def _wait(self, loop: asyncio.AbstractEventLoop, deadline: float) -> Connection | None:
        turn: asyncio.Future[Connection | None] = loop.create_future()
        self._waiting[turn] = deadline
        if self._timer is None:
            self._timer = loop.call_at(deadline, self._expire, loop)
        try:
            return await turn
        except BaseException:
            self._waiting.pop(turn, None)
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on(turn.result())
            raise

    def _pass_on(self, connection: Connection | None) -> None:
        if connection is None:
            self._wake(None)
        else:
            self._release(connection)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        # One timer for all who wait: a timeout each costs a wait more than all the rest of it.
        now = loop.time()
        for turn in [turn for turn, deadline in self._waiting.items() if deadline <= now]:
            del self._waiting[turn]
            if not turn.done():
                turn.set_exception(TimeoutError())
        following = min(self._waiting.values(), default=None)
        self._timer = None if following is None else loop.call_at(following, self._expire, loop)

    def _release(self, connection: Connection) -> None:
        if connection.is_closed():
            self._open -= 1
            self._drop_dead()
            self._wake(None)
        elif connection.is_in_transaction() or not self._size:
            # A cancelled caller may leave a transaction behind: such a connection is not fit for another.
            # One that was lent when the pool was closed has nobody else who would end it.
            connection.terminate()
            self._open -= 1
            self._wake(None)
        elif not self._wake(connection):
            self._idle.append(connection)

    def _drop_dead(self) -> None:
        alive = [c for c in self._idle if not c.is_closed()]
        self._open -= len(self._idle) - len(alive)
        self._idle = alive

    def _wake(self, connection: Connection | None) -> bool:
        # Handed over, or whoever comes first would take it, and who waits would wait again at the end of the queue.
        while self._waiting:
            turn = next(iter(self._waiting))
            del self._waiting[turn]
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    async def close(self) -> None:
        """Close the idle connections; one still lent is closed when it comes back."""
        self._size = 0
        idle, self._idle = self._idle, []
        self._open -= len(idle)
        for connection in idle:
            await connection.close(timeout=2)
