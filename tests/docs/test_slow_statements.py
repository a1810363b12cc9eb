"""Every statement of the page on slow statements runs on a server that counts them."""

import re
from pathlib import Path

import asyncpg
import pytest

from fixtures.servers import TestServers

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "slow-statements.md"
# Nothing, where the role may not see it.
LOADED = "select setting from pg_settings where name = 'shared_preload_libraries'"
SQL = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def questions() -> list[str]:
    return [block for block in SQL.findall(PAGE.read_text()) if block.startswith("select")]


async def test_the_page_asks_what_the_server_can_answer() -> None:
    connection = await asyncpg.connect(TestServers.from_environment().superuser_url)
    try:
        loaded = await connection.fetchval(LOADED)
        if "pg_stat_statements" not in (loaded or ""):
            pytest.skip("the run's server was given, and does not count statements")
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("create extension if not exists pg_stat_statements")
        assert len(questions()) >= 4
        for question in questions():
            await connection.fetch(question)
        await transaction.rollback()
    finally:
        await connection.close()
