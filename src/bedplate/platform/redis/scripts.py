import hashlib
from collections.abc import Awaitable, Sequence
from importlib.resources import files
from time import perf_counter_ns
from typing import Any

from redis.asyncio import RedisCluster
from redis.exceptions import NoScriptError

from bedplate.platform.redis.client import Client
from bedplate.platform.redis.cluster import ClusterWires
from bedplate.platform.redis.watchdog import Watchdog
from bedplate.platform.redis.wire import Wire, Word
from bedplate.platform.telemetry.spans import leaf, recording


class Script:
    """A Lua script that stands in a file of a package, beside the module which runs it."""

    __slots__ = ("digest", "name", "text")

    def __init__(self, package: str, file: str) -> None:
        self.name = file.removesuffix(".lua")
        self.text = files(package).joinpath(file).read_text("ascii")
        self.digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


async def traced[T](verb: str, script: str, call: Awaitable[T]) -> T:
    """Await a call of Redis; where a trace is recorded it is told, by its verb and script, without keys or values."""
    parent = recording()
    if parent is None:
        return await call
    began = perf_counter_ns()
    told = {"db.system.name": "redis", "db.operation.name": verb}
    if script:
        told["db.stored_procedure.name"] = script
    try:
        answer = await call
    except BaseException as error:
        leaf(parent, f"{verb} {script}".rstrip(), began, attributes=told, error=error)
        raise
    leaf(parent, f"{verb} {script}".rstrip(), began, attributes=told)
    return answer


class ScriptRunner:
    """Runs scripts over a connection of its own; in a cluster, over one to the key's node.

    `patience` is how many seconds of a turning event loop an answer may take.
    """

    def __init__(self, client: Client, patience: float) -> None:
        self._client: Any = client
        self._connection = ClusterWires(client) if isinstance(client, RedisCluster) else Wire(client)
        self._watchdog = Watchdog(patience)

    @property
    def clustered(self) -> bool:
        """Whether the keys of a call must share a hash slot."""
        return isinstance(self._connection, ClusterWires)

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Word]) -> Any:
        """Run a script and return its answer.

        Raises:
            DOWN: one of its exceptions, when the server does not answer in time.
        """
        return await traced("EVALSHA", script.name, self._run(script, keys, arguments))

    async def command(self, *words: Word) -> Any:
        """Send a plain command, within the same patience."""
        return await traced(str(words[0]).upper(), "", self._command(words))

    def close(self) -> None:
        """Drop the connection."""
        self._connection.hang_up()

    async def _run(self, script: Script, keys: Sequence[str], arguments: Sequence[Word]) -> Any:
        try:
            with self._watchdog.watch():
                try:
                    return await self._call("EVALSHA", script.digest, keys, arguments)
                except NoScriptError:
                    return await self._call("EVAL", script.text, keys, arguments)
        except TimeoutError:
            self.close()
            raise

    async def _command(self, words: Sequence[Word]) -> Any:
        connection = self._connection
        call = connection.call if isinstance(connection, Wire) else self._client.execute_command
        with self._watchdog.watch():
            return await call(*words)

    async def _call(self, verb: str, script: str, keys: Sequence[str], arguments: Sequence[Word]) -> Any:
        words = (verb, script, len(keys), *keys, *arguments)
        connection = self._connection
        if isinstance(connection, Wire):
            return await connection.call(*words)
        return await connection.call(keys[0], *words)
