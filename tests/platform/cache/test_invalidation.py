import asyncio
from typing import Any

import pytest

from bedplate.platform.cache import invalidate, invalidation
from bedplate.platform.db import Database

from .conftest import Process, Start, Work


async def change(database: Database, work: Work, value: str, *tags: str) -> None:
    async with database.transaction() as session:
        await invalidate(session, *tags)
        work.value = value


@pytest.mark.parametrize("tier", [0, 1_000_000])
async def test_a_committed_write_is_seen_by_the_next_read_through_every_process(
    start: Start, database: Database, tier: int
) -> None:
    work = Work()
    processes: list[Process] = [await start(work, tier=tier) for _ in range(3)]
    for number in range(50):
        for process in processes:
            await process.client.get("/public/a")
        await change(database, work, f"value-{number}", "thing:a")
        for process in processes:
            assert (await process.client.get("/public/a")).text.startswith(f"value-{number} ")


async def test_other_tags_are_left_alone(start: Start, database: Database) -> None:
    process = await start()
    await process.client.get("/public/a")
    await change(database, process.work, "later", "thing:b")
    assert (await process.client.get("/public/a")).text.startswith("first")


async def test_a_write_that_is_rolled_back_invalidates_nothing(start: Start, database: Database) -> None:
    process = await start()
    await process.client.get("/public/a")

    async def fail() -> None:
        async with database.transaction() as session:
            await invalidate(session, "thing:a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await process.client.get("/public/a")
    assert process.work.calls == 1


@pytest.mark.parametrize("tier", [0, 1_000_000])
async def test_what_was_made_before_a_write_is_never_served_after_it(
    start: Start, database: Database, tier: int
) -> None:
    work = Work()
    one, two = await start(work, tier=tier), await start(work, tier=tier)
    work.gate.clear()
    early = asyncio.create_task(one.client.get("/public/a"))
    async with asyncio.timeout(60):
        while work.calls == 0:
            await asyncio.sleep(0)
    await change(database, work, "second", "thing:a")
    late = [asyncio.create_task(process.client.get("/public/a")) for process in (one, two)]
    async with asyncio.timeout(60):
        while work.calls == 1:
            await asyncio.sleep(0)
    work.gate.set()
    assert (await early).text.startswith("first")
    for task in late:
        assert (await task).text.startswith("second")
    for process in (one, two):
        assert (await process.client.get("/public/a")).text.startswith("second")


async def test_what_a_killed_process_left_is_relayed(start: Start, database: Database) -> None:
    work = Work()
    processes: list[Process] = [await start(work) for _ in range(2)]
    for process in processes:
        await process.client.get("/public/a")
    invalidation._relays.pop(database)  # it dies between commit and bump
    await change(database, work, "second", "thing:a")
    # Two seconds on a machine with nothing else to do; the bound here only ends a test that would not.
    async with asyncio.timeout(60):
        for process in processes:
            while not (await process.client.get("/public/a")).text.startswith("second"):
                await asyncio.sleep(0.01)


async def test_done_rows_leave_the_outbox(start: Start, database: Database) -> None:
    process = await start()
    await change(database, process.work, "second", "thing:a")

    async def left() -> Any:
        async with database.transaction() as session:
            connection = await session.connection()
            return (await connection.exec_driver_sql("select count(*) from cache_outbox")).scalar()

    async with asyncio.timeout(60):
        while await left():
            await asyncio.sleep(0.02)


async def test_a_hundred_misses_are_one(start: Start) -> None:
    work = Work()
    work.gate.clear()
    processes: list[Process] = [await start(work) for _ in range(4)]
    asked = [
        asyncio.create_task(process.client.get("/public/a")) for process in processes for _ in range(100)
    ]
    async with asyncio.timeout(60):
        while work.calls == 0:
            await asyncio.sleep(0)
    work.gate.set()
    answers = await asyncio.gather(*asked)
    assert {answer.text for answer in answers} == {answers[0].text}
    assert work.calls == 1


async def test_nobody_waits_in_line_for_what_cannot_be_kept(start: Start) -> None:
    work = Work(headers={"Cache-Control": "no-store"})
    process = await start(work)
    answers = await asyncio.gather(*(process.client.get("/public/a") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert work.calls == 50
