from typing import Any

from redis.asyncio import RedisCluster
from redis.exceptions import ResponseError

from bedplate.platform.redis.wire import Wire, Word

MOVED_ON = ("MOVED", "CLUSTERDOWN")


class ClusterWires:
    """One connection a node, chosen by a key's hash slot; which node has it is redis-py's to know.

    Its own connections are one for each call under way, and a burst of those it does not survive.
    """

    def __init__(self, client: RedisCluster) -> None:
        self._client: Any = client
        self._wires: dict[str, Wire] = {}

    async def call(self, key: str, *words: Word) -> Any:
        """Send a command to the node of a key, once more where the slot has moved on.

        Raises:
            RedisError, OSError: the node cannot be reached, or answers with an error.
        """
        try:
            return await self._send(key, words)
        except OSError:
            await self._client.aclose()  # the next call asks anew who has what
            raise
        except ResponseError as error:
            if not str(error).startswith(MOVED_ON):
                raise
        await self._client.aclose()
        return await self._send(key, words)

    def hang_up(self) -> None:
        """Drop all connections."""
        for wire in self._wires.values():
            wire.hang_up()

    async def _send(self, key: str, words: tuple[Word, ...]) -> Any:
        await self._client.initialize()
        node = self._client.get_node_from_key(key)
        wire = self._wires.get(node.name)
        if wire is None:
            wire = self._wires[node.name] = Wire(_Node(node))  # type: ignore[arg-type]
        return await wire.call(*words)


class _Node:
    """A node as `Wire` knows servers."""

    def __init__(self, node: Any) -> None:
        self.connection_pool = self
        self._node = node

    def make_connection(self) -> Any:
        return self._node.connection_class(**self._node.connection_kwargs)
