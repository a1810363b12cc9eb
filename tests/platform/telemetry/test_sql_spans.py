import asyncpg
import pytest
from sqlalchemy import text

from bedplate.platform.db import Database
from bedplate.platform.telemetry import attach
from bedplate.platform.telemetry.readable import sql_summary


@pytest.fixture
async def database(database_settings):
    database = Database(database_settings)
    yield database
    await database.close()


async def test_reads_are_told_with_a_summary_and_their_rows(serve, collector, plain, database):
    async with serve(sample_ratio=1, otlp_endpoint=collector.endpoint):
        with attach(None, "job"):
            await database.reads.fetch("select n, 'canary' from generate_series(1, 3) as n")
            await database.reads.fetchrow("select 1 from pg_class where oid = $1", 0)
    series, single = (s for s in collector.spans if s.name != "job")
    assert series.parent_span_id == collector.named("job").span_id
    assert series.kind == series.SPAN_KIND_CLIENT
    assert plain(series) == {
        "db.system.name": "postgresql",
        "db.query.summary": "SELECT generate_series",
        "db.operation.name": "SELECT",
        "db.response.returned_rows": 3,
    }
    assert plain(single)["db.response.returned_rows"] == 0
    assert "canary" not in str(collector.spans)


async def test_rows_are_told_of_what_returns_some(serve, collector, plain, database):
    table = "create temporary table noted (n int) on commit drop"
    async with serve(sample_ratio=1, otlp_endpoint=collector.endpoint):
        with attach(None, "job"):
            async with database.transaction() as session:
                await session.execute(text(table))
                await session.execute(text("insert into noted values (1), (2)"))
                await session.execute(text("update noted set n = n + 1 returning n"))
                await session.execute(text("with a as (select 1) delete from noted"))
            await database.reads.fetch("delete from job where false")
    rows = [(s.name, plain(s).get("db.response.returned_rows")) for s in collector.spans]
    assert rows == [
        ("CREATE noted", None),
        ("INSERT noted", None),
        ("UPDATE noted", 2),
        ("WITH noted", None),
        ("COMMIT", None),
        ("DELETE job", None),
        ("job", None),
    ]


async def test_a_transactions_statements_and_commit_are_told(serve, collector, plain, database):
    async with serve(sample_ratio=1, otlp_endpoint=collector.endpoint):
        with attach(None, "job"):
            async with database.transaction() as session:
                await session.execute(text("select 1 from pg_class limit 2"))
    assert [s.name for s in collector.spans] == ["SELECT pg_class", "COMMIT", "job"]


async def test_a_statement_that_fails_is_told_without_its_values(serve, collector, plain, database):
    async with serve(sample_ratio=1, otlp_endpoint=collector.endpoint):
        with attach(None, "job"), pytest.raises(asyncpg.PostgresError):
            await database.reads.fetch("select 'canary'::text::int from pg_class")
    failed = collector.named("SELECT pg_class")
    assert plain(failed)["error.type"] == "InvalidTextRepresentationError"
    assert failed.status.code == failed.status.STATUS_CODE_ERROR
    assert "canary" not in str(collector.spans)


async def test_nothing_is_recorded_outside_a_trace(serve, collector, database):
    async with serve(sample_ratio=1, otlp_endpoint=collector.endpoint):
        await database.reads.fetch("select 1")
    assert collector.spans == []


@pytest.mark.parametrize(
    ("statement", "summary"),
    [
        ("SELECT a FROM account JOIN team ON true WHERE x = 'from secret'", "SELECT account team"),
        ('insert into "job" (a) values ($1)', "INSERT job"),
        ("UPDATE ONLY plan SET x = 1", "UPDATE plan"),
        ("/* why */ delete from a.b", "DELETE a.b"),
        ("select extract(epoch from made_at) from job", "SELECT job"),
        ("select 1", "SELECT"),
        ("", "SQL"),
    ],
)
def test_a_summary_names_verb_and_tables(statement, summary):
    assert sql_summary(statement) == summary
