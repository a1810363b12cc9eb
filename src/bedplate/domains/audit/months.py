"""The partitions of the audit trail: one a month, made ahead, and dropped as wholes by the owner."""

import datetime as dt
from typing import Any, Literal, cast

import msgspec
from sqlalchemy import text

from bedplate.domains.audit.actor import Actor
from bedplate.domains.audit.service import record
from bedplate.platform.db import Database
from bedplate.platform.db.pool import Connection
from bedplate.platform.jobs import Empty, JobContext, Schedule, task

MAKE = "select audit_event_make_months()"
_PARTS = """
select p.name, p.since, p.until, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
from audit_event_parts() p join pg_class c on c.oid = to_regclass('public.' || quote_ident(p.name))
order by p.since nulls first
"""
_HALF_DETACHED = """
select quote_ident(c.relname) from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = to_regclass('audit_event') and i.inhdetachpending
"""


class Part(msgspec.Struct, frozen=True):
    """A partition: events from `since` (None: the first) to before `until` (None: the last)."""

    name: str
    since: dt.datetime | None
    until: dt.datetime | None
    rows: int
    """As last counted by PostgreSQL, 0 before."""
    size: int
    """Bytes, with indexes."""


@task("audit.months", payload=Empty, timeout=60, unique_for=0)
async def make_months(ctx: JobContext, _: Empty) -> int:
    """Make the partitions of this month and the next two; returns how many were missing, on most days none."""
    async with ctx.database.transaction() as session:
        return await session.scalar(text(MAKE)) or 0


MAKING = Schedule(name="audit.months", task=make_months, cron="29 2 * * *")


async def parts_of(connection: Connection) -> list[Part]:
    """All partitions, the oldest first."""
    rows = cast("list[tuple[Any, ...]]", await connection.fetch(_PARTS))
    return [Part(*row) for row in rows]


async def make(owner: Connection) -> int:
    """Make the months to come; returns how many were missing."""
    return cast("int", await owner.fetchval(MAKE))


async def drop_before(owner: Connection, database: Database, month: dt.datetime) -> list[Part]:
    """Drop the partitions that end by `month`, each as a whole, once that is on record; returns them.

    Readers and writers go on: a part is detached before it is dropped (PostgreSQL, ALTER TABLE … DETACH PARTITION
    CONCURRENTLY). What was broken off is finished by the next call.
    """
    for name in await _half_detached(owner):
        await _drop(owner, name, "finalize")
    dropped = ended_by(await parts_of(owner), month)
    if dropped:
        async with database.transaction() as session:
            names = [part.name for part in dropped]
            await record(session, "audit.dropped", Actor(), before=f"{month:%Y-%m}", parts=names)
    for part in dropped:
        await _drop(owner, part.name, "concurrently")
    return dropped


def ended_by(parts: list[Part], month: dt.datetime) -> list[Part]:
    """Those whose last event is before `month`."""
    return [part for part in parts if part.until is not None and part.until <= month]


async def _drop(owner: Connection, name: str, how: Literal["concurrently", "finalize"]) -> None:
    await owner.execute(f"alter table audit_event detach partition {name} {how}")
    await owner.execute(f"drop table {name}")


async def _half_detached(owner: Connection) -> list[str]:
    return [name for (name,) in cast("list[tuple[str]]", await owner.fetch(_HALF_DETACHED))]
