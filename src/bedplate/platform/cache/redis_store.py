from collections.abc import Sequence
from typing import Any

from bedplate.platform.cache.declare import Times
from bedplate.platform.cache.store import Found, Slot, State
from bedplate.platform.redis import Client, Script, ScriptRunner

PACKAGE = __package__ or ""
FETCH = Script(PACKAGE, "fetch.lua")
KEEP = Script(PACKAGE, "keep.lua")
RELEASE = Script(PACKAGE, "release.lua")
BUMP = Script(PACKAGE, "bump.lua")
VERSION_SECONDS = 172_800
MILLI = 1000


class RedisCacheStore:
    """Entries in Redis. An entry, its lease and the version of its first tag share a hash slot."""

    def __init__(self, client: Client, prefix: str, *, patience: float, lease: float, channel: str) -> None:
        self._runner = ScriptRunner(client, patience)
        self._prefix = f"{prefix}:cache:"
        self._lease = int(lease * MILLI)
        self._channel = channel

    @property
    def clustered(self) -> bool:
        return self._runner.clustered

    async def fetch(self, slot: Slot, token: str) -> Found:
        keys, others = self._keys(slot), await self._others(slot)
        answer: list[Any] = await self._runner.run(FETCH, keys, (token, self._lease, VERSION_SECONDS, others))
        state, now, versions, value, made = answer
        return Found(State(state), now / MILLI, versions.decode(), value, made / MILLI)

    async def keep(
        self, slot: Slot, token: str, versions: str, made: float, times: Times, value: bytes
    ) -> bool:
        at = made * MILLI
        arguments = (
            token,
            versions,
            await self._others(slot),
            int(at),
            int(at + times.ttl * MILLI),
            int(at + (times.ttl + times.swr) * MILLI),
            max(1, int(times.kept * MILLI)),
            value,
        )
        return bool(await self._runner.run(KEEP, self._keys(slot), arguments))

    async def release(self, slot: Slot, token: str, versions: str, bypass: float) -> None:
        await self._runner.run(RELEASE, self._keys(slot)[:2], (token, versions, int(bypass * MILLI)))

    async def bump(self, tags: Sequence[str], message: str) -> int:
        keys = [self._version(tag) for tag in tags]
        if not self._runner.clustered:
            return await self._runner.run(BUMP, keys, (VERSION_SECONDS, self._channel, message))
        # Without a tag it asks whether the store answers at all, and so it must be asked.
        for key in keys or [self._version("")]:
            await self._runner.run(BUMP, [key], (VERSION_SECONDS, "", ""))
        return 0

    async def call(self, *words: str) -> Any:
        """Send a plain command."""
        return await self._runner.command(*words)

    def close(self) -> None:
        """Drop the connection."""
        self._runner.close()

    def _keys(self, slot: Slot) -> list[str]:
        home = slot.tags[0] if slot.tags else slot.digest
        near = slot.tags[:1] if self._runner.clustered else slot.tags
        entry = f"{self._prefix}{{{home}}}:"
        return [f"{entry}e:{slot.digest}", f"{entry}l:{slot.digest}", *map(self._version, near)]

    def _version(self, tag: str) -> str:
        return f"{self._prefix}{{{tag}}}:v"

    async def _others(self, slot: Slot) -> str:
        # Versions in other slots are read apart, and before the value is: they can only be too old.
        if not self._runner.clustered or len(slot.tags) < 2:  # noqa: PLR2004 - the first is at home
            return ""
        read: list[str] = []
        for tag in slot.tags[1:]:
            nothing = Slot(f"none:{tag}", (tag,))
            keys = self._keys(nothing)
            answer: list[Any] = await self._runner.run(FETCH, keys, ("", 1, VERSION_SECONDS, ""))
            read.append(answer[2].decode())
        return " " + " ".join(read)
