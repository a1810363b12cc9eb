"""Behind PgBouncer in transaction mode; the rest of the smoke set is tests of other folders, see `.ci/debian`."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from bedplate.platform.db import Database
from bedplate.platform.db.connecting import through_pooler
from bedplate.platform.db.listen import Listener
from bedplate.settings import Settings
from bedplate.settings.load import SettingsError, load_settings

LIMITS = "select current_setting('statement_timeout'), current_setting('lock_timeout')"


def limits_of(settings: Settings) -> tuple[str, str]:
    database = settings.database
    return f"{database.statement_timeout:.0f}s", f"{database.lock_timeout:.0f}s"


@pytest.fixture
def pooled(settings: Settings) -> Settings:
    if not settings.database.pooled:
        pytest.skip("PGBOUNCER names no PgBouncer")
    return settings


def test_a_pooled_url_without_one_to_listen_on_is_a_fault() -> None:
    with pytest.raises(SettingsError, match="BEDPLATE_DATABASE_LISTEN_URL"):
        load_settings({"BEDPLATE_DATABASE_POOLED": "true", "BEDPLATE_DATABASE_URL": "postgresql://a@b/c"})


async def test_a_direct_connection_is_the_servers_own(settings: Settings) -> None:
    connection = await Database(settings.database).connect(direct=True)
    try:
        assert not await through_pooler(connection)
        assert tuple(await connection.fetchrow(LIMITS) or ()) == limits_of(settings)
    finally:
        await connection.close()


async def test_a_pooler_is_told_apart(pooled: Settings) -> None:
    connection = await Database(pooled.database).connect()
    try:
        assert await through_pooler(connection)
    finally:
        await connection.close()


async def test_each_transaction_brings_its_limits_and_leaves_none_behind(pooled: Settings) -> None:
    database = Database(pooled.database)
    connection = await database.connect()
    try:
        async with database.lifespan(), database.transaction() as session:
            assert tuple((await session.execute(text(LIMITS))).one()) == limits_of(pooled)
        assert tuple(await connection.fetchrow(LIMITS) or ()) == ("0", "0")
    finally:
        await connection.close()


async def test_many_clients_of_few_connections_never_get_anothers_answer(pooled: Settings) -> None:
    database = Database(pooled.database)

    async def read(number: int) -> None:
        column = f"a{number % 7}"
        row = await database.reads.fetchrow(f"select $1::int as {column}, pg_sleep(0.001)", number)
        assert dict(row or {})[column] == number

    async def write(number: int) -> None:
        async with database.transaction() as session:
            found = await session.scalar(text(f"select :n + {number % 5} - {number % 5}"), {"n": number})
            assert found == number

    async with database.lifespan():
        await asyncio.gather(*(read(n) for n in range(200)), *(write(n) for n in range(100)))


async def test_a_listener_through_a_pooler_is_not_alive(
    pooled: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(pooled.database)
    plain = database.connect

    async def misled(**_: object) -> asyncpg.Connection:
        return await plain()

    monkeypatch.setattr(database, "connect", misled)
    listener = Listener(database, {}, lambda: asyncio.sleep(0))
    async with listener.lifespan():
        while "BEDPLATE_DATABASE_LISTEN_URL" not in caplog.text:
            await asyncio.sleep(0.01)
        assert not listener.alive
