"""After a rollback: the former release's commands on a schema that a later one has migrated."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from bedplate.cli.checks import examine
from bedplate.platform import revisions
from bedplate.settings import Settings
from fixtures.cli import Run

LATER = "9999"


@pytest.fixture(autouse=True)
async def _migrated_by_a_later_release(settings: Settings) -> AsyncIterator[None]:
    connection = await asyncpg.connect(settings.database.owner_url.reveal())
    try:
        await connection.execute("update alembic_version set version_num = $1", LATER)
        yield
        assert await connection.fetchval("select version_num from alembic_version") == LATER
    finally:
        await connection.execute("update alembic_version set version_num = $1", revisions.head())
        await connection.close()


async def test_there_is_nothing_to_migrate_and_that_is_no_failure(run: Run) -> None:
    upgraded, status = await run("db", "upgrade"), await run("db", "status")
    assert upgraded.exit_code == status.exit_code == 0
    assert f"{LATER}, which a later release made" in upgraded.stdout
    assert f"{LATER}, of a later release" in status.stdout


async def test_the_doctor_names_it_and_finds_no_fault(settings: Settings) -> None:
    [found] = [one for one in await examine(settings) if one.what == "migrations"]
    assert found.state == "warning"
    assert LATER in found.says
