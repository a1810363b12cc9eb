"""Orders of events that hardly ever happen, forced: who is overtaken, and who waits for whom."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from bedplate.platform.cache import acks, push
from bedplate.platform.cache.acks import Acks
from bedplate.platform.cache.core import Got, Made
from bedplate.platform.cache.declare import Times
from bedplate.platform.cache.push import Push
from bedplate.platform.cache.store import Slot
from bedplate.platform.db import Database
from bedplate.platform.redis import connect
from bedplate.settings.redis import RedisSettings

from .conftest import Process, Start, Work
from .test_invalidation import change

SLOT = Slot("entry", ("thing:a",))
NEVER = 3600.0


class Late:
    """A store's call whose answer is on its way for as long as the test says."""

    def __init__(self, call: Callable[..., Awaitable[Any]]) -> None:
        self._call = call
        self.answered = asyncio.Event()
        self.arrives = asyncio.Event()

    async def __call__(self, *arguments: Any) -> Any:
        answer = await self._call(*arguments)
        self.answered.set()
        await self.arrives.wait()
        return answer


def delay(process: Process, name: str) -> Late:
    late = Late(getattr(process.cache.store, name))
    setattr(process.cache.store, name, late)
    return late


async def read(process: Process) -> str:
    return (await process.client.get("/public/a")).text.partition(" ")[0]


async def test_an_answer_of_the_store_that_a_push_overtook_is_given_to_nobody_later(
    start: Start, database: Database
) -> None:
    work = Work()
    one, two = await start(work), await start(work)
    await read(one)
    late = delay(two, "fetch")
    early = asyncio.create_task(read(two))
    await late.answered.wait()
    await change(database, work, "second", "thing:a")
    late.arrives.set()
    assert await early == "first"  # it was asked for before the write
    assert await read(two) == "second"


async def test_what_was_kept_in_time_but_told_too_late_is_given_to_nobody_later(
    start: Start, database: Database
) -> None:
    process = await start()
    late = delay(process, "keep")
    early = asyncio.create_task(read(process))
    await late.answered.wait()
    await change(database, process.work, "second", "thing:a")
    late.arrives.set()
    assert await early == "first"
    assert await read(process) == "second"


async def test_nobody_joins_a_look_up_that_began_before_a_write(start: Start, database: Database) -> None:
    process = await start()
    late = delay(process, "keep")
    early = asyncio.create_task(read(process))
    await late.answered.wait()
    await change(database, process.work, "second", "thing:a")
    later = asyncio.create_task(read(process))
    async with asyncio.timeout(30):
        while process.work.calls == 1:
            await asyncio.sleep(0)
    late.arrives.set()
    assert (await early, await later) == ("first", "second")


async def test_a_writer_is_answered_when_every_process_has_dropped_what_it_kept(
    start: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acks, "WAIT", NEVER)
    monkeypatch.setattr(push, "GIVEN_UP", NEVER)
    work = Work()
    one, two, _ = await start(work), await start(work), await start(work)
    told, hears = asyncio.Event(), two.cache._on_message

    def deaf(channel: str, payload: str) -> None:
        later.append((channel, payload))
        told.set()

    later: list[tuple[str, str]] = []
    two.cache._push._on_message = deaf
    assert await read(two) == "first"
    # The third is the one that bumps.
    write = asyncio.create_task(change(database, work, "second", "thing:a"))
    await told.wait()
    for _ in range(3):
        await one.cache.store.call("PING")
    assert not write.done()
    for message in later:
        hears(*message)
    async with asyncio.timeout(30):
        await write
    assert await read(two) == "second"


async def test_a_writer_waits_for_no_more_than_there_are() -> None:
    waiting = Acks()
    bumped = waiting.announce(["one"])
    waiting.count(bumped.number)
    waiting.count(bumped.number + 1)
    task = asyncio.create_task(waiting.wait(bumped, 2))
    await asyncio.sleep(0)
    assert not task.done()
    waiting.count(bumped.number)
    await task
    waiting.end(bumped)
    waiting.count(bumped.number)


async def test_a_writer_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acks, "WAIT", 0.01)
    waiting = Acks()
    await asyncio.wait_for(waiting.wait(waiting.announce(["one"]), 1), 30)


class SlowWire:
    """A connection whose PINGs are answered when the test says."""

    def __init__(self) -> None:
        self.asked = asyncio.Semaphore(0)
        self.answer = asyncio.Semaphore(0)

    async def tell(self, *_: str) -> None:
        return

    async def call(self, *_: str) -> None:
        self.asked.release()
        await self.answer.acquire()

    def hang_up(self) -> None:
        return


async def test_who_is_waited_for_no_longer_gives_nothing_from_memory(
    redis_settings: RedisSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "GIVEN_UP", NEVER)
    client: Any = connect(redis_settings)
    listening = Push(client, ["channel"], lambda *_: None, lambda: None)
    wire: Any = SlowWire()
    listening._wire = wire
    loop = asyncio.get_running_loop()
    async with listening.lifespan(), asyncio.timeout(30):
        assert not listening.alive(loop.time())
        await wire.asked.acquire()
        wire.answer.release()
        await wire.asked.acquire()
        before_the_answer = loop.time()
        wire.answer.release()
        await wire.asked.acquire()
        # The answer shows what had arrived when it was asked for, and nothing of what came since.
        assert listening._proved <= before_the_answer
        assert listening.alive(listening._proved)
        assert not listening.alive(before_the_answer + acks.WAIT)
    await client.aclose()


async def test_an_entry_that_is_made_under_a_push_is_made_anew(start: Start, database: Database) -> None:
    process = await start()
    entries = process.cache.entries

    async def make() -> Made:
        await change(database, process.work, "second", SLOT.tags[0])
        return Made(b"early")

    await entries.get(SLOT, Times(60.0), make)

    async def later() -> Made:
        return Made(b"late")

    assert (await entries.get(SLOT, Times(60.0), later)).value == b"late"


async def test_what_nobody_can_be_told_of_is_no_error(start: Start) -> None:
    process = await start()
    process.cache._on_message(process.cache._mine, "12345")
    bumped = msgspec.json.encode(acks.Bumped("another", 1, ["thing:b"])).decode()
    process.cache._on_message(process.cache._channel, bumped)
    assert await read(process) == "first"


async def test_what_the_store_refused_is_not_kept_by_the_process_either(start: Start) -> None:
    process = await start()
    process.work.gate.clear()
    early = asyncio.create_task(read(process))
    async with asyncio.timeout(30):
        while process.work.calls == 0:
            await asyncio.sleep(0)
    store = process.cache.store
    store._channel = "nowhere"  # the push is on its way
    await store.bump(["thing:a"], "")
    process.work.value = "second"
    process.work.gate.set()
    assert await early == "first"
    assert await read(process) == "second"


async def test_where_the_maker_is_cancelled_one_other_makes_it(start: Start) -> None:
    process = await start(tier=1_000_000)
    entries, gate, makers = process.cache.entries, asyncio.Event(), list[int]()
    entries.pushed = lambda: True

    def asking(number: int) -> asyncio.Task[Got]:
        async def make() -> Made:
            makers.append(number)
            await gate.wait()
            return Made(b"made")

        return asyncio.create_task(entries.get(SLOT, Times(60.0), make))

    asked = [asking(number) for number in range(20)]
    async with asyncio.timeout(30):
        while not makers:
            await asyncio.sleep(0)
    asked[makers[0]].cancel()
    async with asyncio.timeout(30):
        while len(makers) < 2:
            await asyncio.sleep(0)
    gate.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answer.value for answer in answers if isinstance(answer, Got)] == [b"made"] * 19
    assert len(makers) == 2
