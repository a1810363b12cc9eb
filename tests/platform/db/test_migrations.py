"""Migrations: they go up, down and up again, leave no drift, and hold nobody up."""

import asyncio
import io
import sys
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.script import Script, ScriptDirectory

from bedplate.platform.db import migrate
from bedplate.settings.database import DatabaseSettings
from fixtures.servers import TestServers

sys.path.insert(0, str(Path(__file__).parent))

from locks import Linter

SCRIPTS = ScriptDirectory.from_config(migrate.alembic_config(""))
SHAPE = """
select table_name || '.' || column_name, data_type, is_nullable, column_default from information_schema.columns
where table_schema = 'public' union all
select indexname, indexdef, '', '' from pg_indexes where schemaname = 'public' union all
select conname, pg_get_constraintdef(oid), '', '' from pg_constraint where connamespace = 'public'::regnamespace
order by 1, 2
"""

# What Alembic keeps, and the server's own extension.
OF_OTHERS = {
    *("alembic_version", "alembic_version_pkc", "alembic_version_version_num_not_null"),
    *("pg_stat_statements", "pg_stat_statements_info"),
}


def revisions() -> list[Script]:
    return list(reversed(list(SCRIPTS.walk_revisions())))


def sql_of(revision: Script) -> str:
    written = io.StringIO()
    config = migrate.alembic_config("")
    config.output_buffer = written
    command.upgrade(config, f"{revision.down_revision or 'base'}:{revision.revision}", sql=True)
    return written.getvalue()


def test_no_migration_holds_up_traffic_without_a_reason() -> None:
    linter = Linter()
    faults = [
        f"{revision.revision}: {fault}"
        for revision in revisions()
        for fault in linter.read(sql_of(revision), getattr(revision.module, "LOCKS", {}))
    ]
    assert faults == []
    assert {"account", "job", "plan"} <= linter.tables


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("CREATE INDEX ix ON account (email)", "concurrently"),
        ("create unique index ix on account (email) where deleted_at is null", "concurrently"),
        ("DROP INDEX ix_account_email", "concurrently"),
        ("ALTER TABLE account ALTER COLUMN name TYPE text", "rewrites"),
        ("alter table public.account alter name set data type varchar(20)", "rewrites"),
        ("ALTER TABLE account ADD COLUMN x INTEGER NOT NULL", "default"),
        ("ALTER TABLE account ADD COLUMN x UUID DEFAULT gen_random_uuid()", "rewrites"),
        ("ALTER TABLE account ADD COLUMN x int GENERATED ALWAYS AS (1 + 1) STORED", "rewrites"),
        ("ALTER TABLE account ALTER COLUMN name SET NOT NULL", "scans"),
        ("ALTER TABLE account ADD CONSTRAINT ck_x CHECK (x > 0)", "not valid"),
        ("ALTER TABLE account ADD CONSTRAINT fk FOREIGN KEY(x) REFERENCES team (id)", "not valid"),
        ("ALTER TABLE account ADD CONSTRAINT uq UNIQUE (name)", "concurrently"),
        ("ALTER TABLE account DROP COLUMN name", "contract"),
        ("ALTER TABLE account RENAME COLUMN name TO title", "contract"),
        ("DROP TABLE account", "contract"),
        ("UPDATE account SET name = ''", "steps"),
        ("LOCK TABLE account", "everything"),
    ],
)
def test_what_holds_up_traffic_is_refused(sql: str, words: str) -> None:
    [fault] = Linter({"account"}).read(sql + ";\n", {})
    assert words in fault
    assert Linter({"account"}).read(sql + ";\n", {sql.lower(): "nobody uses it yet"}) == []
    assert Linter({"account"}).read(sql + ";\n", {sql.lower(): " "}) != []


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY ix ON account (email)",
        "CREATE INDEX ix ON made_just_now (email)",
        "CREATE TABLE one (id uuid PRIMARY KEY);\nCREATE INDEX ix ON one (id)",
        "ALTER TABLE account ADD COLUMN x INTEGER",
        "ALTER TABLE account ADD COLUMN x INTEGER DEFAULT 0 NOT NULL",
        "ALTER TABLE account ADD COLUMN x timestamptz DEFAULT now() NOT NULL",
        "ALTER TABLE account ADD CONSTRAINT ck_x CHECK (x > 0) NOT VALID",
        "ALTER TABLE account VALIDATE CONSTRAINT ck_x",
        "ALTER TABLE account ADD CONSTRAINT uq UNIQUE USING INDEX ix",
        "ALTER TABLE account DROP CONSTRAINT ck_x",
        "UPDATE account SET name = '' WHERE id = '0'",
    ],
)
def test_what_holds_nobody_up_passes(sql: str) -> None:
    assert Linter({"account"}).read(sql + ";\n", {}) == []


def test_a_reason_for_nothing_is_a_fault() -> None:
    assert Linter({"account"}).read("SELECT 1;\n", {"create index": "once it was there"}) != []


@pytest.fixture(scope="module")
def empty(worker_id: str) -> DatabaseSettings:
    servers = TestServers.from_environment()
    asyncio.run(create(servers, f"migrated_{worker_id}"))
    return servers.database(f"migrated_{worker_id}")


async def create(servers: TestServers, name: str) -> None:
    superuser, owner = await asyncpg.connect(servers.superuser_url), await asyncpg.connect(servers.owner_url)
    try:
        role = await owner.fetchval("select quote_ident(current_user)")
        await superuser.execute(f"create database {servers.prefix}_{name} owner {role}")
    finally:
        await owner.close()
        await superuser.close()


async def shape(url: str) -> list[tuple[str, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(SHAPE)]
    finally:
        await connection.close()


def test_up_down_and_up_again_ends_alike_and_without_drift(empty: DatabaseSettings) -> None:
    url = empty.owner_url.reveal()
    migrate.upgrade(empty)
    first = asyncio.run(shape(url))
    for revision in reversed(revisions()):
        migrate.downgrade(empty, str(revision.down_revision or "base"))
    left = {name.partition(".")[0] for name, *_ in asyncio.run(shape(url))}
    assert left - OF_OTHERS == set()
    migrate.upgrade(empty)
    assert asyncio.run(shape(url)) == first
    command.check(migrate.alembic_config(url))
