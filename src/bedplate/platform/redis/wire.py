import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import hiredis
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, ResponseError

MOVED_ON = ("READONLY", "LOADING", "MASTERDOWN")
"""Answers of a server that is not, or not yet, the one to ask: the next call connects anew."""

CONNECT_SECONDS = 5.0

type Word = str | bytes | int | float
type OnPush = Callable[[Sequence[Any]], None]


class Wire:
    """One connection that all calls share, each written as it comes, answered in order.

    A burst needs no pool, and what is written in one turn of the loop leaves in one packet: a call costs a
    fifth of redis-py's. The connection is made by redis-py, with its TLS, credentials, database and Sentinel.
    """

    def __init__(self, client: Redis, on_push: OnPush | None = None) -> None:
        self._pool: Any = client.connection_pool
        self._on_push = on_push
        self._line: _Line | None = None
        self._connecting = asyncio.Lock()

    async def call(self, *words: Word) -> Any:
        """Send a command and return its answer.

        Raises:
            RedisError, OSError: the server cannot be reached, or answers with an error.
        """
        line = self._line
        if line is None or line.lost:
            line = await self._connect()
        return await line.ask(words)

    async def tell(self, *words: Word) -> None:
        """Send a command that is answered by a push alone, such as SUBSCRIBE (RESP3)."""
        line = self._line
        if line is None or line.lost:
            line = await self._connect()
        line.tell(words)

    def hang_up(self) -> None:
        """Drop the connection; calls under way fail, the next one connects."""
        if self._line is not None:
            self._line.abort()
            self._line = None

    async def _connect(self) -> "_Line":
        async with self._connecting:
            if self._line is None or self._line.lost:
                connection = self._pool.make_connection()
                # The caller's patience ends it, by a clock that a busy loop does not hurry.
                connection.socket_connect_timeout = CONNECT_SECONDS
                await connection.connect()
                # Private in redis-py: the one way to keep its handshake and not its reader.
                writer, connection._writer = connection._writer, None  # noqa: SLF001
                self._line = _Line(writer, self._on_push)
            return self._line


class _Line(asyncio.Protocol):
    def __init__(self, writer: asyncio.StreamWriter, on_push: OnPush | None) -> None:
        self._writer = writer  # held: it closes the transport when it is collected
        self._transport: Any = writer.transport
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(replyError=_error)
        self._due: deque[asyncio.Future[Any]] = deque()
        self._unsent: list[bytes] = []
        self._on_push = on_push
        self.lost = False
        self._transport.set_protocol(self)

    def ask(self, words: Sequence[Word]) -> asyncio.Future[Any]:
        future = self._loop.create_future()
        self.tell(words)
        self._due.append(future)
        return future

    def tell(self, words: Sequence[Word]) -> None:
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(hiredis.pack_command(words))  # type: ignore[arg-type] - its stub names one type

    def abort(self) -> None:
        self.lost = True
        self._transport.abort()
        self._fail(ConnectionError("hung up"))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            if not isinstance(answer, hiredis.PushNotification):
                self._answered(answer)
            elif self._on_push is not None:
                self._on_push(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._fail(exc or ConnectionError("closed by the server"))

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if not self.lost:
            self._transport.write(b"".join(unsent))

    def _answered(self, answer: object) -> None:
        future = self._due.popleft()
        if isinstance(answer, ResponseError) and str(answer).startswith(MOVED_ON):
            self.lost = True
            self._transport.close()
        if future.done():
            return
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    def _fail(self, error: Exception) -> None:
        due, self._due = self._due, deque()
        for future in due:
            if not future.done():
                future.set_exception(error)


def _error(text: str) -> ResponseError:
    return NoScriptError(text) if text.startswith("NOSCRIPT") else ResponseError(text)
