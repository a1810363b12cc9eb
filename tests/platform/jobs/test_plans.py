"""The queue's own statements never read finished rows, however many there are: asked of PostgreSQL's planner."""

import re
from typing import Any

import msgspec
import pytest
from sqlalchemy import ColumnElement, TextClause, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import asyncpg

from bedplate.platform.db import PageQuery, new_id
from bedplate.platform.jobs import control, queue
from bedplate.platform.jobs.gauges import DEAD, QUEUES
from bedplate.platform.jobs.ledger import claims, joins, leases, scans, trees
from bedplate.platform.jobs.reads import all_in_scope, job_listing
from bedplate.platform.jobs.worker import LEFT

FINISHED = """
insert into job (id, task, queue, state, payload, owner_id, available_at, attempt, max_attempts, started_at,
  attempt_started_at, ended_at, expires_at, worker)
select gen_random_uuid(), 'test.old', 'default', 'succeeded', '{}', gen_random_uuid(), now(), 1, 5, now(), now(),
  now(), now() + interval '7 days', 'gone'
from generate_series(1, 10000)
"""
# With what a limit counts: old attempts that failed, and what has ended of the limited task itself.
LIMITED = """
update job set limited = true, task = 'test.new', attempt_started_at = now() - interval '1 day'
where id in (select id from job limit 5000)
"""
FAILED = """
insert into job_attempt (job_id, attempt, outcome, started_at, ended_at)
select id, 1, 'error', now() - interval '1 day', now() from job
"""
LIVE = """
insert into job (id, task, queue, payload, available_at, max_attempts)
select gen_random_uuid(), 'test.new', 'default', '{}', now(), 5 from generate_series(1, 50)
"""
# By id or parent at most, or by an index that holds unfinished rows (or dead, or expiring ones) alone.
ALLOWED = {
    "pk_job",
    "ix_job_due",
    "ix_job_waiting",
    "ix_job_lease",
    "ix_job_limited",
    "ix_job_limited_due",
    "ix_job_child",
    "ix_job_attempt_started",
    "ix_job_join",
    "ix_job_parent",
    "ix_job_expires",
    "ix_job_unsuccessful",
    "uq_job_active_key",
}


def numbered(statement: TextClause) -> str:
    """A statement of a session, as asyncpg is given it."""
    return str(statement.compile(dialect=asyncpg.dialect()))


STATEMENTS = {
    "claim": claims.CLAIM,
    "claim limited": claims.CLAIM_LIMITED,
    "limited tasks": claims.LIMITED_TASKS,
    "running": claims.RUNNING,
    "started": claims.STARTED,
    "scan": scans.SCAN,
    "scan limited": scans.SCAN_LIMITED,
    "limit anew": scans.LIMIT_ANEW,
    "free": scans.FREE,
    "next due": scans.NEXT,
    "sweep": scans.SWEEP,
    "reap": leases.REAP,
    "renew": leases.RENEW,
    "look": leases.LOOK,
    "cancel below": trees.CANCEL_BELOW,
    "forsaken": trees.FORSAKEN,
    "waiting": joins.WAITING,
    "settle": joins.SETTLE,
    "queued": queue.QUEUED,
    "active": queue.ACTIVE,
    "gauges": QUEUES,
    "dead": DEAD,
    "left": LEFT,
    "cancel": numbered(control.CANCEL),
    "retry": numbered(control.RETRY),
    "dismiss": numbered(control.DISMISS),
    "above": numbered(control.ABOVE),
}


@pytest.fixture
async def crowded(database: object, sql: Any) -> Any:
    await sql.execute(FINISHED)
    await sql.execute(LIMITED)
    await sql.execute(FAILED)
    await sql.execute(LIVE)
    await sql.execute("analyze job")
    await sql.execute("analyze job_attempt")
    # As for a worker's prepared statement, whose parameters the plan does not know.
    await sql.execute("set plan_cache_mode = force_generic_plan")
    return sql


async def test_no_statement_of_the_queue_reads_finished_rows(crowded):
    read = {name: await scanned(crowded, statement) for name, statement in STATEMENTS.items()}
    assert {name: used - ALLOWED for name, used in read.items() if used - ALLOWED} == {}


async def scanned(sql, statement: str) -> set[str]:
    """The indexes by which a statement reads jobs and attempts; "the table" when it reads all of one."""
    await sql.execute(f"prepare asked as {statement}")
    nulls = ", ".join(["null"] * len(set(re.findall(r"\$\d+", statement))))
    call = f"asked({nulls})" if nulls else "asked"
    (found,) = msgspec.json.decode(await sql.fetchval(f"explain (format json) execute {call}"))
    await sql.execute("deallocate asked")
    return set(walk(found["Plan"]))


def walk(node: dict[str, Any]):
    kind = node["Node Type"]
    if kind == "Seq Scan" and node["Relation Name"] in {"job", "job_attempt"}:
        yield "the table"
    if "Index Name" in node and not node["Index Name"].startswith("pk_job_"):
        yield node["Index Name"]
    for below in node.get("Plans", ()):
        yield from walk(below)


async def test_a_persons_list_reads_his_own_jobs_alone(crowded):
    def in_team(column: ColumnElement[Any]) -> ColumnElement[bool]:
        return column.in_(select(bindparam("team", type_=Uuid)))

    listing = job_listing("jobs", all_in_scope(in_team))
    asked: list[str] = []

    class Asked:
        async def fetch(self, statement: str, *_values: object) -> list[object]:
            asked.append(statement)
            return []

    query = PageQuery(limit=50, cursor=None, sort=None, signer=None)
    await listing.page(Asked(), query, user_id=new_id(), team=new_id())
    assert await scanned(crowded, asked[0]) == {"ix_job_owner", "ix_job_team", "pk_job"}


async def test_a_limit_is_counted_without_reading_what_ended_before_its_period(crowded):
    # As it runs: how far back it looks is known when it is planned.
    await crowded.execute("set plan_cache_mode = auto")
    await crowded.execute(f"prepare asked as {claims.STARTED}")
    explained = "explain (analyze, buffers, format json) execute asked('test.new', 3600)"
    (found,) = msgspec.json.decode(await crowded.fetchval(explained))
    plan = found["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 30
