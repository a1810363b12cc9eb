import datetime as dt
from collections.abc import Sequence
from typing import Any, TypedDict, Unpack
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.db import Database, new_id, utcnow
from bedplate.platform.jobs.carrier import Due
from bedplate.platform.jobs.handover import announce, announce_committed
from bedplate.platform.jobs.tasks import Task
from bedplate.platform.telemetry import begun, current_traceparent

# One parameter for any number of rows: PostgreSQL's limit is 32,767 parameters, not bytes.
WRITE = """
insert into job (id, task, queue, priority, payload, payload_version, owner_id, team_id, parent_id, join_id,
  waiting, limited, unique_key, tags, available_at, max_attempts, traceparent)
select r.id, r.task, r.queue, r.priority, r.payload, r.payload_version, r.owner_id, r.team_id, r.parent_id,
  r.join_id, r.waiting, r.limited, r.unique_key, coalesce(r.tags, array[]::text[]), coalesce(r.run_at, now()),
  r.max_attempts, r.traceparent
from jsonb_to_recordset(cast({rows} as jsonb)) as r (id uuid, task text, queue text, priority int,
  payload jsonb, payload_version int, owner_id uuid, team_id uuid, parent_id uuid, join_id uuid,
  waiting bool, limited bool, unique_key text, tags text[], run_at timestamptz, max_attempts int,
  traceparent text)
on conflict do nothing
returning id, queue, priority, extract(epoch from available_at)::float8, waiting, available_at <= now()
"""
INSERT = text(WRITE.format(rows=":rows"))
INSERT_ALONE = WRITE.format(rows="$1")
LOCK_KEY = text("select pg_advisory_xact_lock(hashtextextended(:task || chr(31) || :key, 1))")
RECENT = text("""
select id from job where task = :task and unique_key = :key
  and (state in ('queued', 'running') or created_at > now() - make_interval(secs => :seconds))
order by id desc limit 1
""")


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row to be written."""

    id: UUID
    task: str
    queue: str
    priority: int
    payload: msgspec.Struct
    payload_version: int
    max_attempts: int
    waiting: bool
    limited: bool
    owner_id: UUID | None = None
    team_id: UUID | None = None
    parent_id: UUID | None = None
    join_id: UUID | None = None
    unique_key: str | None = None
    tags: tuple[str, ...] | None = None
    run_at: dt.datetime | None = None
    traceparent: str | None = None


class Options(TypedDict, total=False):
    """What may be said of any job.

    `run_at` or a `delay` in seconds puts it off; `priority` is -100 to 100, the highest first, and the
    task's own unless given.
    """

    owner_id: UUID | None
    team_id: UUID | None
    parent_id: UUID | None
    run_at: dt.datetime | None
    delay: float
    priority: int | None
    tags: Sequence[str]


async def enqueue[P: msgspec.Struct](
    session: AsyncSession,
    task: Task[P],
    payload: P,
    *,
    unique_key: str | None = None,
    **options: Unpack[Options],
) -> UUID:
    """Write a job in the caller's transaction; it runs at least once after the commit, never after a rollback.

    With a `unique_key` for which a job of this task is queued or running (or was enqueued within the task's
    `unique_for`), nothing is written and that job's id is returned.
    """
    with begun(f"enqueue {task.name}", "producer"):
        order = make_order(task, payload, unique_key=unique_key, **options)
        if unique_key is None:
            await write(session, [order])
            return order.id
        return await _enqueue_unique(session, order, task.unique_for or 0.0)


async def enqueue_many[P: msgspec.Struct](
    session: AsyncSession, task: Task[P], payloads: Sequence[P], **options: Unpack[Options]
) -> list[UUID]:
    """Write any number of jobs in one statement; the rest is as in `enqueue`."""
    with begun(f"enqueue {task.name}", "producer", **{"messaging.batch.message_count": len(payloads)}):
        orders = [make_order(task, payload, **options) for payload in payloads]
        await write(session, orders)
        return [order.id for order in orders]


async def enqueue_alone[P: msgspec.Struct](
    database: Database, task: Task[P], payload: P, **options: Unpack[Options]
) -> UUID:
    """Write a job that belongs to no other write: a transaction of its own in one trip, a third of the cost."""
    with begun(f"enqueue {task.name}", "producer"):
        order = make_order(task, payload, **options)
        rows = await database.reads.fetch(INSERT_ALONE, msgspec.json.encode([order]).decode())
        await announce_committed(database, _due([tuple(row) for row in rows]))
        return order.id


def make_order(
    task: Task[Any],
    payload: msgspec.Struct,
    *,
    unique_key: str | None = None,
    join_id: UUID | None = None,
    waiting: bool = False,
    **options: Unpack[Options],
) -> Order:
    """Fill a row from its task's declaration.

    Raises:
        TypeError: the payload is not the task's.
    """
    if not isinstance(payload, task.payload):
        raise TypeError(f"{task.name} takes {task.payload.__name__}, not {type(payload).__name__}")
    delay, priority = options.get("delay", 0.0), options.get("priority")
    run_at = options.get("run_at")
    if delay:
        run_at = (run_at or utcnow()) + dt.timedelta(seconds=delay)
    return Order(
        id=new_id(),
        task=task.name,
        queue=task.queue,
        priority=task.priority if priority is None else priority,
        payload=payload,
        payload_version=task.version,
        max_attempts=task.max_attempts,
        waiting=waiting,
        limited=task.limited,
        owner_id=options.get("owner_id"),
        team_id=options.get("team_id"),
        parent_id=options.get("parent_id"),
        join_id=join_id,
        unique_key=unique_key,
        tags=tuple(options.get("tags", ())) or None,
        run_at=run_at,
        traceparent=current_traceparent(),
    )


async def write(session: AsyncSession, orders: Sequence[Order]) -> list[UUID]:
    """Insert rows and announce those that are due; returns what was written."""
    if not orders:
        return []
    result = await session.execute(INSERT, {"rows": msgspec.json.encode(orders).decode()})
    rows = result.all()
    await announce(session, _due(rows))
    return [row[0] for row in rows]


def _due(rows: Sequence[Sequence[Any]]) -> list[Due]:
    return [Due(row[0], row[1], row[2], row[3]) for row in rows if row[5] and not row[4]]


async def _enqueue_unique(session: AsyncSession, order: Order, seconds: float) -> UUID:
    key = {"task": order.task, "key": order.unique_key}
    if seconds:
        await session.execute(LOCK_KEY, key)
    while True:
        if seconds:
            found = await session.scalar(RECENT, {**key, "seconds": seconds})
            if found is not None:
                return found
        if await write(session, [order]):
            return order.id
        found = await session.scalar(RECENT, {**key, "seconds": seconds})
        if found is not None:
            return found
        # The one in the way ended between the two statements: its key is free again.
