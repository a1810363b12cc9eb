"""How reads grow with rows: pages of 8 KiB that one statement touches, by PostgreSQL's own count.

`uv run python bench/growth.py [--rows 10000 100000 1000000]`: a figure that does not depend on the machine.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg

from bedplate.domains.accounts.reads import ACCOUNT
from bedplate.domains.audit.reads import EVENTS
from bedplate.domains.plans.reads import PLAN, PLANS
from bedplate.domains.plans.tasks.reads import TASK, TASKS
from bedplate.platform.db import PageQuery, ReadPool, migrate
from bedplate.platform.db.cursors import CursorSigner
from bedplate.platform.embedded import Engines
from bedplate.platform.jobs.ledger.claims import Claimer
from bedplate.settings import Secret
from bedplate.settings.database import DatabaseSettings

TABLES = "account, team, team_member, plan, task, audit_event, job"
# A team has one person, one plan and a hundred tasks; ids are made in the order of time, as the service does.
FILL = """
insert into team (id, name) select uuidv7(), 'Team ' || n from generate_series(1, $1 / 100) n;
insert into account (id, email) select uuidv7(), 'person-' || n || '@team.example' from generate_series(1, $1 / 100) n;
insert into team_member (id, team_id, user_id, role)
  select uuidv7(), t.id, a.id, 'owner'
  from (select id, row_number() over (order by id) n from team) t
  join (select id, row_number() over (order by id) n from account) a using (n);
insert into plan (id, team_id, key, title) select uuidv7(), id, 'plan', 'A plan' from team;
insert into task (id, team_id, plan_id, ref, title, position)
  select uuidv7(), p.team_id, p.id, 't' || n, 'Task ' || n, n from generate_series(1, 100) n, plan p;
insert into audit_event (id, type, team_id, data)
  select uuidv7(), 'plan.changed', t.id, '{}' from generate_series(1, 100) n, team t;
insert into job (id, task, queue, state, payload, owner_id, available_at, attempt, max_attempts, started_at,
    attempt_started_at, ended_at, expires_at, result)
  select uuidv7(), 'bench.old', 'default', 'succeeded', '{}', a.id, now(), 1, 5, now(), now(), now(),
    now() + interval '7 days', '1' from generate_series(1, 100) n, account a;
"""
QUEUED = """
insert into job (id, task, queue, state, payload, available_at, attempt, max_attempts)
select uuidv7(), 'bench.new', 'default', 'queued', '{}', now(), 0, 5 from generate_series(1, 10) returning id
"""
SIGNER = CursorSigner(b"only for this bench")


class Counting:
    """A pool of one connection that remembers how many pages each statement touched."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.pages = 0

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        # Twice, as the first also reads the catalogue; undone, as what is explained happens.
        told = ""
        for _ in range(2):
            trial = self._connection.transaction()
            await trial.start()
            told = await self._connection.fetchval(
                f"explain (analyze, buffers, format json) {sql}", *arguments
            )
            await trial.rollback()
        plan = json.loads(told)[0]["Plan"]
        self.pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return await self._connection.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        rows = await self.fetch(sql, *arguments)
        return rows[0] if rows else None


async def fill(connection: Any, rows: int) -> None:
    await connection.execute(f"truncate {TABLES} cascade")
    for statement in FILL.split(";\n"):
        if statement.strip():
            arguments = [rows] if "$1" in statement else []
            await connection.execute(statement.replace("$1", "$1::int"), *arguments)
    await connection.execute("vacuum analyze")


async def measure(connection: Any) -> dict[str, int]:
    counting = Counting(connection)
    pool = cast("ReadPool", counting)
    row = await connection.fetchrow(
        "select m.user_id, p.id plan_id, t.id task_id, p.team_id from plan p join team_member m using (team_id)"
        " join task t on t.plan_id = p.id order by p.id, t.position offset 5050 limit 1"
    )
    user, plan, task, team = (
        cast("UUID", row[name]) for name in ("user_id", "plan_id", "task_id", "team_id")
    )
    found: dict[str, int] = {}

    async def note(name: str, reading: Any) -> Any:
        result = await reading
        found[name] = counting.pages
        return result

    await note("one's own account", ACCOUNT.one(pool, **{_only_name(ACCOUNT): user}))
    await note("a plan", PLAN.one(pool, plan_id=plan, user_id=user))
    await note("one's plans, twenty", PLANS.page(pool, query(), user_id=user))
    await note("a task", TASK.one(pool, task_id=task, user_id=user))
    first = await note(
        "tasks of a plan, the first twenty", TASKS.page(pool, query(), plan_id=plan, user_id=user)
    )
    await note(
        "tasks of a plan, the next twenty",
        TASKS.page(pool, query(first.next_cursor), plan_id=plan, user_id=user),
    )
    await note("audit events, the newest twenty", EVENTS.page(pool, query()))
    await note("audit events of a team, twenty", EVENTS.page(pool, query(), team_id=team))
    await note("claim of ten jobs", claim(connection, pool))
    return found


async def claim(connection: Any, pool: ReadPool) -> None:
    ids = [job["id"] for job in await connection.fetch(QUEUED)]
    claimer = Claimer(pool, worker="bench", lease=30.0, tasks=["bench.new"], freeing=[], limits=[])
    claims = await claimer.claim(ids)
    assert len(claims) == len(ids)  # noqa: S101 - else the figure is of something else


def query(cursor: str | None = None) -> PageQuery:
    return PageQuery(limit=20, cursor=cursor, sort=None, signer=SIGNER)


def _only_name(read: Any) -> str:
    (name,) = read._compiled._names  # noqa: SLF001 - a bench may look inside
    return str(name)


async def run(url: str, sizes: list[int]) -> None:
    connection = cast("Any", await asyncpg.connect(url))  # pyright: ignore[reportUnknownMemberType]
    found: dict[int, dict[str, int]] = {}
    sizes_of: dict[int, str] = {}
    for rows in sizes:
        await fill(connection, rows)
        found[rows] = await measure(connection)
        sizes_of[rows] = await connection.fetchval(
            "select pg_size_pretty(pg_database_size(current_database()))"
        )
    await connection.close()
    print(f"| statement | {' | '.join(f'{rows:,}' for rows in sizes)} |")
    print(f"|---|{'---:|' * len(sizes)}")
    for name in found[sizes[0]]:
        print(f"| {name} | {' | '.join(str(found[rows][name]) for rows in sizes)} |")
    print(f"| *the database* | {' | '.join(sizes_of[rows] for rows in sizes)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bedplate-bench-") as folder:
        Path(folder).chmod(0o711)
        engines = Engines(Path(folder), durable=False)
        urls = engines.start()
        try:
            migrate.upgrade(DatabaseSettings(url=Secret(urls.database_url), owner_url=Secret(urls.owner_url)))
            asyncio.run(run(urls.owner_url, options.rows))
        finally:
            engines.stop()


if __name__ == "__main__":
    main()
