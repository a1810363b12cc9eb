"""Row 28 and ADR 10: the audit trail in months."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import msgspec
import pytest
from alembic import command

from bedplate.domains.audit.months import Part, parts_of
from bedplate.platform.db import migrate
from bedplate.platform.db.urls import with_database
from bedplate.settings import Settings
from bedplate.settings.database import DatabaseSettings
from fixtures.cli import call
from fixtures.servers import TestServers, clone_database
from fixtures.service import environment_of

ENDLESS = dt.datetime.max.replace(tzinfo=dt.UTC)
INSERT = "insert into audit_event (id, type) values ($1, 'month.told')"
# As if the schedule had not run since the migration.
UNMAKE = """
do $$
declare
  part record;
begin
  alter table audit_event detach partition audit_event_rest;
  for part in select name from audit_event_parts() where name <> 'audit_event_before' loop
    execute format('drop table %I', part.name);
  end loop;
  execute format('alter table audit_event attach partition audit_event_rest for values from (%L) to (maxvalue)',
    audit_event_first_id((select until from audit_event_parts() where name = 'audit_event_before')));
end
$$
"""
# A month long past of its own, and what was before it.
AGE = """
do $$
declare
  low uuid := audit_event_first_id('2020-01-01Z');
  high uuid := audit_event_first_id((select until from audit_event_parts() where name = 'audit_event_before'));
begin
  alter table audit_event detach partition audit_event_before;
  create table audit_event_2020_01 (like audit_event including all);
  with later as (delete from audit_event_before where id >= low returning *)
    insert into audit_event_2020_01 select * from later;
  execute format('alter table audit_event attach partition audit_event_before for values from (minvalue) to (%L)', low);
  execute format('alter table audit_event attach partition audit_event_2020_01 for values from (%L) to (%L)', low, high);
end
$$
"""

# Whoever may make temporary tables may make catalogues, and they come first where a search_path does not name pg_temp.
SHADOW = """
create function pg_temp.run_as() returns oid language plpgsql as $$ begin raise 'run as %', current_user; end $$;
create temp view pg_inherits as
  select pg_temp.run_as() as inhrelid, 'public.audit_event'::regclass::oid as inhparent, false as inhdetachpending;
grant select on pg_temp.pg_inherits to public;
"""


def id_at(moment: dt.datetime, number: int = 0) -> UUID:
    return UUID(int=(int(moment.timestamp() * 1000) << 80) + (7 << 76) + number)


@pytest.fixture(scope="module")
def database(worker_id: str) -> DatabaseSettings:
    """A database of these tests' own."""
    return clone_database(TestServers.from_environment(), f"months_{worker_id}")


@pytest.fixture
async def owner(database: DatabaseSettings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner_url.reveal())
    yield connection
    await connection.close()


@dataclass
class Trail:
    """A transaction that is taken back; `play` makes it the owner's or the application's."""

    connection: asyncpg.Connection
    owner: str
    application: str

    async def play(self, role: str) -> asyncpg.Connection:
        await self.connection.execute(f"set local role {role}")
        return self.connection


@pytest.fixture
async def trail(database: DatabaseSettings, owner: asyncpg.Connection) -> AsyncIterator[Trail]:
    superuser = with_database(
        TestServers.from_environment().superuser_url, await owner.fetchval("select current_database()")
    )
    connection = await asyncpg.connect(superuser)
    application = await migrate.role_of(database.direct_url.reveal())
    named = await owner.fetchval("select quote_ident(current_user)")
    if application == named:
        await connection.close()
        pytest.skip("these servers were given with one role for owner and application")
    taken_back = connection.transaction()
    await taken_back.start()
    yield Trail(connection, named, application)
    await taken_back.rollback()
    await connection.close()


@pytest.fixture
def environment(settings: Settings, database: DatabaseSettings) -> dict[str, str]:
    return environment_of(msgspec.structs.replace(settings, database=database))


async def unmade(trail: Trail) -> Part:
    """Take the months back; returns the part of what is later."""
    owner = await trail.play(trail.owner)
    await owner.execute(UNMAKE)
    return (await parts_of(owner))[-1]


async def refuses(application: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with application.transaction():
            await application.execute(statement)


async def test_months_are_made_ahead_and_what_came_late_is_in_its_month(trail: Trail) -> None:
    rest = await unmade(trail)
    late = [rest.since + dt.timedelta(days=days) for days in (0, 20, 40)]
    application = await trail.play(trail.application)
    for moment in late:
        await application.execute(INSERT, id_at(moment))
    before = await application.fetchval("select count(*) from audit_event")
    made = await application.fetchval("select audit_event_make_months()")
    parts = await parts_of(application)
    assert made == len(parts) - 2 >= 1
    assert [part.until for part in parts[:-1]] == [part.since for part in parts[1:]]
    first, now = parts[-1].since, dt.datetime.now(dt.UTC)
    assert (first.year - now.year) * 12 + first.month - now.month == 3
    assert await application.fetchval("select count(*) from audit_event") == before
    assert await application.fetchval("select audit_event_make_months()") == 0
    owner = await trail.play(trail.owner)
    for moment in late:
        [part] = [one for one in parts if one.since and one.since <= moment < (one.until or ENDLESS)]
        assert await owner.fetchval(f"select count(*) from {part.name} where id = $1", id_at(moment)) == 1


async def test_row_28_the_application_reaches_parts_by_the_whole_alone(trail: Trail) -> None:
    await unmade(trail)
    owner = await trail.play(trail.owner)
    await owner.execute(
        f"alter default privileges in schema public grant all on tables to {trail.application}"
    )
    application = await trail.play(trail.application)
    await application.execute("select audit_event_make_months()")
    for part in await parts_of(application):
        for right in ("select", "insert", "update", "delete", "truncate"):
            held = await application.fetchval("select has_table_privilege($1, $2)", part.name, right)
            assert not held, (part.name, right)
    for statement in (
        "delete from audit_event",
        "delete from audit_event_rest",
        "alter table audit_event detach partition audit_event_before",
        "drop table audit_event_before",
        "select audit_event_close()",
    ):
        await refuses(application, statement)


async def test_row_28_no_name_of_the_callers_own_is_run_as_the_owner(trail: Trail) -> None:
    await unmade(trail)
    application = await trail.play(trail.application)
    await application.execute(SHADOW)
    assert await application.fetchval("select audit_event_make_months()") >= 1


async def test_row_28_what_is_granted_on_all_tables_opens_no_part(
    database: DatabaseSettings, owner: asyncpg.Connection
) -> None:
    await migrate.apply_roles(database.owner_url.reveal(), database.url.reveal())
    parts = await parts_of(owner)
    opened = "select count(*) from pg_class cross join aclexplode(relacl) where relname = any($1) and grantee <> relowner"
    assert await owner.fetchval(opened, [part.name for part in parts]) == 0


async def test_the_newest_page_ends_before_older_parts(trail: Trail) -> None:
    owner = await trail.play(trail.owner)
    now = dt.datetime.now(dt.UTC)
    await owner.executemany(INSERT, [(id_at(now, number),) for number in range(30)])
    await owner.execute(AGE)
    # A few rows are sorted sooner than they are found.
    await owner.execute("set local enable_sort = off; set local enable_seqscan = off; set local jit = off")
    page = "explain (analyze, format json) select id from audit_event order by id desc limit 20"
    plan = json.loads(await owner.fetchval(page))[0]["Plan"]["Plans"][0]
    assert plan["Node Type"] == "Append"
    scans = {scan["Relation Name"]: scan["Actual Loops"] for scan in plan["Plans"]}
    assert (scans["audit_event_2020_01"], scans["audit_event_before"]) == (1, 0)


async def test_months_are_dropped_by_the_owner_and_that_is_an_event(
    database: DatabaseSettings, owner: asyncpg.Connection, environment: dict[str, str]
) -> None:
    kept = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    old = [id_at(kept - dt.timedelta(minutes=1), number) for number in range(3)]
    await owner.executemany(INSERT, [(one,) for one in (*old, id_at(kept))])
    await owner.execute(AGE)

    async def told(*words: str) -> str:
        ended = await asyncio.to_thread(call, "audit", *words, environment=environment)
        return ended.stdout or ended.stderr

    assert "audit_event_before      …        to 2020-01" in await told("months")
    assert "No part ends before 2019-12" in await told("drop", "--before", "2019-12")
    assert "Would drop audit_event_before" in await told("drop", "--before", "2020-01", "--dry-run")
    assert await owner.fetchval("select count(*) from audit_event_before") == 3
    assert "Dropped audit_event_before" in await told("drop", "--before", "2020-01")
    assert await owner.fetchval("select array_agg(id) from audit_event where id = any($1)", old) is None
    assert await owner.fetchval("select count(*) from audit_event where id = $1", id_at(kept)) == 1
    said = json.loads(await owner.fetchval("select data from audit_event where type = 'audit.dropped'"))
    assert said == {"before": "2020-01", "parts": ["audit_event_before"]}
    assert "has not begun" in await told("drop", "--before", "2999-01")
    assert "a month such as" in await told("drop", "--before", "then")
    # What was broken off is finished by whoever comes next.
    await half_detached(database, "audit_event_2020_01")
    await told("drop", "--before", "2020-01")
    assert await owner.fetchval("select to_regclass('audit_event_2020_01')") is None


async def half_detached(database: DatabaseSettings, part: str) -> None:
    """Break a detachment off where it waits for who still reads."""
    owner = await asyncpg.connect(database.owner_url.reveal(), server_settings={"lock_timeout": "50ms"})
    reader = await asyncpg.connect(database.direct_url.reveal())
    try:
        async with reader.transaction():
            await reader.fetchval("select count(*) from audit_event")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await owner.execute(f"alter table audit_event detach partition {part} concurrently")
    finally:
        await reader.close()
        await owner.close()


async def test_statements_of_running_code_go_on_through_the_migration(worker_id: str) -> None:
    database = await asyncio.to_thread(
        clone_database, TestServers.from_environment(), f"switched_{worker_id}"
    )
    config = migrate.alembic_config(database.owner_url.reveal())
    now = dt.datetime.now(dt.UTC)
    application = await asyncpg.connect(database.direct_url.reveal())
    try:
        insert = await application.prepare(INSERT)
        count = await application.prepare("select count(*) from audit_event where type = 'month.told'")
        await insert.fetch(id_at(now))
        await asyncio.to_thread(command.downgrade, config, "0012")
        await insert.fetch(id_at(now, 1))
        assert await count.fetchval() == 2
        # Without what `bedplate db upgrade` grants after it: between the two traffic goes on.
        await asyncio.to_thread(command.upgrade, config, "head")
        await insert.fetch(id_at(now, 2))
        assert await count.fetchval() == 3
        assert await application.fetchval("select count(*) from audit_event_parts()") >= 3
    finally:
        await application.close()


async def test_it_goes_down_and_up_once_the_first_part_was_dropped(worker_id: str) -> None:
    database = await asyncio.to_thread(clone_database, TestServers.from_environment(), f"dropped_{worker_id}")
    config = migrate.alembic_config(database.owner_url.reveal())
    owner = await asyncpg.connect(database.owner_url.reveal())
    shape = "select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1"
    try:
        before = await owner.fetch(shape)
        now = dt.datetime.now(dt.UTC)
        await owner.execute(AGE)
        await owner.execute("drop table audit_event_before")
        await owner.execute(INSERT, id_at(now))
        await asyncio.to_thread(command.downgrade, config, "0014")
        assert await owner.fetchval("select count(*) from audit_event where id = $1", id_at(now)) == 1
        await asyncio.to_thread(command.upgrade, config, "head")
        assert await owner.fetchval("select count(*) from audit_event where id = $1", id_at(now)) == 1
        assert await owner.fetch(shape) == before
    finally:
        await owner.close()
