import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from bedplate.platform.background import in_background
from bedplate.platform.redis import DOWN, Wire

PING, SILENCE, RETRY = 0.03, 0.1, 0.2
GIVEN_UP = 1.0
MESSAGE = b"message"
logger = logging.getLogger(__name__)


class Push:
    """A subscription that proves itself: an answered PING shows that all published before it has arrived.

    So `alive` bounds how old anything may be that relies on it, however the connection fails.
    """

    def __init__(
        self,
        client: Redis,
        channels: Sequence[str],
        on_message: Callable[[str, str], None],
        on_connect: Callable[[], None],
    ) -> None:
        self._wire = Wire(client, self._pushed)
        self._channels = channels
        self._on_message = on_message
        self._on_connect = on_connect
        self._proved = float("-inf")

    def alive(self, now: float) -> bool:
        """Whether all that was published a tenth of a second before the loop's time `now` has arrived."""
        return now - self._proved < SILENCE

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Listen for as long as the application runs."""
        try:
            async with in_background(self._run()):
                yield
        finally:
            self._wire.hang_up()

    async def _run(self) -> None:
        while True:
            try:
                await self._session()
            except DOWN as error:
                logger.debug("cache push lost: %s", type(error).__name__)
            self._proved = float("-inf")
            self._wire.hang_up()
            await asyncio.sleep(RETRY)

    async def _session(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(GIVEN_UP):
            await self._wire.tell("SUBSCRIBE", *self._channels)
            await self._wire.call("PING")
        self._on_connect()
        while True:
            sent = loop.time()
            async with asyncio.timeout(GIVEN_UP):
                await self._wire.call("PING")
            self._proved = sent
            await asyncio.sleep(PING)

    def _pushed(self, words: Sequence[Any]) -> None:
        if words[0] == MESSAGE:
            self._on_message(words[1].decode(), words[2].decode())
