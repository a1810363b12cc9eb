import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bedplate.platform.background import in_background
from bedplate.platform.db.connecting import through_pooler
from bedplate.platform.db.database import Database
from bedplate.platform.db.pool import GONE, Connection

HEARTBEAT = 0.25
SILENCE = 0.5
RETRY = 0.2
MISLED_RETRY = 10.0
logger = logging.getLogger(__name__)

type Handler = Callable[[str], Awaitable[None]]


class Listener:
    """One LISTEN connection a process, with a heartbeat: `alive` says whether a push would arrive now.

    NOTIFY is part of the notifying transaction, so a committed change is never without its message.
    After every reconnection `on_connect` runs, to read what was missed. `application` is the connection's name on
    the server, where it stands as long as the process does and shows a sign of life several times a second.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        on_connect: Callable[[], Awaitable[None]],
        *,
        application: str = "",
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._on_connect = on_connect
        self._parameters = {"idle_in_transaction_session_timeout": "0"}
        if application:
            self._parameters["application_name"] = application
        self._heard = float("-inf")
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def alive(self) -> bool:
        """Whether the connection answered within the last half second."""
        return asyncio.get_running_loop().time() - self._heard < SILENCE

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncGenerator[None]:
        """Listen for as long as the application runs."""
        async with in_background(self._run()):
            yield

    async def _run(self) -> None:
        while True:
            try:
                await self._session()
            except (*GONE, TimeoutError) as error:
                logger.warning("listen connection lost: %s", type(error).__name__)
            await asyncio.sleep(RETRY)

    async def _session(self) -> None:
        connection = await self._database.connect(timed=True, direct=True, **self._parameters)
        try:
            await self._refuse_pooler(connection)
            for channel in self._handlers:
                await connection.add_listener(channel, self._received)
            await self._on_connect()
            await self._beat(connection)
        finally:
            connection.terminate()

    async def _refuse_pooler(self, connection: Connection) -> None:
        # Its heartbeat would be well, and no notification would ever come.
        if await through_pooler(connection):
            logger.error(
                "a pooler loses notifications: set BEDPLATE_DATABASE_LISTEN_URL to the server itself"
            )
            await asyncio.sleep(MISLED_RETRY)
            raise ConnectionError

    async def _beat(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            async with asyncio.timeout(SILENCE):
                await connection.execute("select 1")
            self._heard = loop.time()
            await asyncio.sleep(HEARTBEAT)

    def _received(self, _connection: Any, _pid: int, channel: str, payload: object) -> None:
        task = asyncio.create_task(self._handle(channel, str(payload)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, channel: str, payload: str) -> None:
        try:
            await self._handlers[channel](payload)
        except Exception:
            logger.exception("handling a notification on %s failed", channel)
