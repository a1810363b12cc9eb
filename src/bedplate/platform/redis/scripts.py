import asyncio
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis.asyncio import RedisCluster
from redis.exceptions import NoScriptError

from bedplate.platform.redis.client import Client
from bedplate.platform.redis.watchdog import Watchdog

LANES = 4
BATCH = 128

type Argument = str | bytes | int | float


class Script:
    """A Lua script that stands in a file beside the module which runs it."""

    __slots__ = ("digest", "text")

    def __init__(self, package: str, file: str) -> None:
        self.text = files(package).joinpath(file).read_text("ascii")
        self.digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


type Call = tuple[Script, Sequence[str], Sequence[Argument], asyncio.Future[Any]]


class ScriptRunner:
    """Runs scripts, a trip each while few are under way; when many are, one trip carries what piled up.

    So a burst needs no more than a handful of connections, and never waits for a pool.
    """

    def __init__(self, client: Client, patience: float) -> None:
        self._client: Any = client
        self.clustered = isinstance(client, RedisCluster)
        self._watchdog = Watchdog(patience)
        self._flying = 0
        self._waiting: list[Call] = []
        self._flights: set[asyncio.Task[None]] = set()

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """Run a script and return its answer; the keys share a hash tag.

        Raises:
            DOWN: one of its exceptions, when the server does not answer in time.
        """
        if self._flying >= LANES and not self.clustered:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append((script, keys, arguments, future))
            return await future
        self._flying += 1
        try:
            with self._watchdog.watch():
                return await self._call(script, keys, arguments)
        finally:
            self._landed()

    async def _call(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        try:
            return await self._client.evalsha(script.digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self._client.eval(script.text, len(keys), *keys, *arguments)

    def _landed(self) -> None:
        self._flying -= 1
        if self._waiting and self._flying < LANES:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            self._flying += 1
            flight = asyncio.create_task(self._fly(batch))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    async def _fly(self, batch: Sequence[Call]) -> None:
        try:
            with self._watchdog.watch():
                answers = await self._together(batch)
            for (script, keys, arguments, future), answer in zip(batch, answers, strict=True):
                if isinstance(answer, NoScriptError):
                    with self._watchdog.watch():
                        _settle(future, await self._call(script, keys, arguments))
                else:
                    _settle(future, answer)
        except BaseException as error:
            for *_, future in batch:
                _settle(future, error if isinstance(error, Exception) else ConnectionError("cancelled"))
            if not isinstance(error, Exception):
                raise
        finally:
            self._landed()

    async def _together(self, batch: Sequence[Call]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipe:
            for script, keys, arguments, _ in batch:
                pipe.evalsha(script.digest, len(keys), *keys, *arguments)
            return await pipe.execute(raise_on_error=False)


def _settle(future: asyncio.Future[Any], answer: object) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
