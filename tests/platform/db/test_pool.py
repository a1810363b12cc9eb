"""The pool of single reads."""

import asyncio

import asyncpg
import msgspec
import pytest

from bedplate.platform.db import Database
from bedplate.platform.db.pool import ReadPool
from bedplate.platform.errors import Unavailable
from bedplate.platform.telemetry.process import EnginePool
from bedplate.settings.database import DatabaseSettings


@pytest.fixture
def opened(database_settings: DatabaseSettings) -> list[asyncpg.Connection]:
    """Every connection that the pool of the test opens."""
    return []


@pytest.fixture
def pool(database_settings: DatabaseSettings, opened: list[asyncpg.Connection]) -> ReadPool:
    async def connect() -> asyncpg.Connection:
        opened.append(await asyncpg.connect(database_settings.direct_url.reveal()))
        return opened[-1]

    return ReadPool(connect, size=2, timeout=60)


async def test_a_connection_that_was_lent_when_the_pool_closed_is_ended_at_its_return(
    pool: ReadPool, opened: list[asyncpg.Connection]
) -> None:
    async with pool.connection() as lent:
        assert await pool.fetch("select 1") == [(1,)]
        await pool.close()
        assert [connection.is_closed() for connection in opened] == [False, True]
        assert await lent.fetchval("select 1") == 1
    assert opened[0].is_closed()


async def test_a_transaction_left_behind_is_not_handed_on(
    pool: ReadPool, opened: list[asyncpg.Connection]
) -> None:
    async with pool.connection() as lent:
        await lent.execute("begin")
    assert opened[0].is_closed()
    assert await pool.fetch("select 2") == [(2,)]
    await pool.close()


async def test_who_waits_comes_before_who_comes_again(database_settings: DatabaseSettings) -> None:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(database_settings.direct_url.reveal())

    pool = ReadPool(connect, size=1, timeout=60)
    over = asyncio.Event()

    async def read_again_and_again() -> None:
        while not over.is_set():
            await pool.fetch("select 1")

    greedy = asyncio.create_task(read_again_and_again())
    while not pool.in_use:
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        assert await asyncio.gather(*(pool.fetch("select 4") for _ in range(3))) == [[(4,)]] * 3
    over.set()
    await greedy
    await pool.close()


async def test_who_waits_too_long_is_told(database_settings: DatabaseSettings) -> None:
    connection = await asyncpg.connect(database_settings.direct_url.reveal())

    async def connect() -> asyncpg.Connection:
        return connection  # at once: the wait is that of the second caller alone

    short = ReadPool(connect, size=1, timeout=0.01)
    async with short.connection():
        with pytest.raises(Unavailable):
            await short.fetch("select 5")
    assert await short.fetch("select 6") == [(6,)]
    assert short.waiting == 0
    await short.close()


async def test_a_caller_that_gives_up_leaves_its_turn_to_the_next(
    pool: ReadPool, opened: list[asyncpg.Connection]
) -> None:
    async with pool.connection():
        async with pool.connection():
            first, second = (asyncio.create_task(pool.fetch("select 3")) for _ in range(2))
            while pool.waiting < 2:
                await asyncio.sleep(0)
            first.cancel()
        assert await second == [(3,)]
        await asyncio.gather(first, return_exceptions=True)
    assert len(opened) == 2
    await pool.close()


async def test_an_engines_pool_tells_who_waits(database_settings: DatabaseSettings) -> None:
    database = Database(msgspec.structs.replace(database_settings, pool_size=1))
    pool = EnginePool(database.engine)
    async with database.engine.connect():
        assert (pool.in_use, pool.size, pool.waiting) == (1, 1, 0)
        waiters = [asyncio.create_task(_borrow(database)) for _ in range(2)]
        async with asyncio.timeout(30):
            while pool.waiting < 2:
                await asyncio.sleep(0)
        waiters[0].cancel()
        await asyncio.wait(waiters[:1])
        assert pool.waiting == 1
    await waiters[1]
    assert (pool.in_use, pool.waiting) == (0, 0)
    await database.close()


async def _borrow(database: Database) -> None:
    async with database.engine.connect():
        pass
