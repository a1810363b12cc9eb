"""What a plan leaves behind: uploads that no import took in (dry runs among them), and events long told."""

import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, delete, select

from bedplate.domains.plans.events.models import PlanEvent
from bedplate.domains.plans.revisions.models import StoredDocument
from bedplate.platform.db import Database, utcnow
from bedplate.platform.jobs import Empty, JobContext, Schedule, task

UPLOADS_KEPT = dt.timedelta(days=7)
EVENTS_KEPT = dt.timedelta(days=30)
BATCH = 1000


class Swept(msgspec.Struct, frozen=True):
    """How many rows were deleted."""

    uploads: int
    events: int


@task("plans.sweep", timeout=1800, max_attempts=3)
async def sweep(ctx: JobContext, _: Empty) -> Swept:
    """Delete uploads that nobody imported within a week, and events of more than thirty days ago."""
    return await sweep_plans(ctx.database, uploads_before=UPLOADS_KEPT, events_before=EVENTS_KEPT)


async def sweep_plans(
    database: Database, *, uploads_before: dt.timedelta, events_before: dt.timedelta
) -> Swept:
    """Delete what is older than these ages."""
    pending = (StoredDocument.revision.is_(None), StoredDocument.id < _first_since(uploads_before))
    uploads = await _delete(database, StoredDocument, *pending)
    return Swept(uploads, await _delete(database, PlanEvent, PlanEvent.id < _first_since(events_before)))


SWEEPING = Schedule(name="plans.sweep", task=sweep, cron="53 3 * * *")


async def _delete(
    database: Database, table: type[StoredDocument] | type[PlanEvent], *which: ColumnElement[bool]
) -> int:
    """Delete rows, so many a transaction that none holds its locks for long; returns how many."""
    old = select(table.id).where(*which).order_by(table.id).limit(BATCH)
    total = 0
    while True:
        async with database.transaction() as session:
            ids = list(await session.scalars(old))
            if not ids:
                return total
            await session.execute(delete(table).where(table.id.in_(ids)))
        total += len(ids)


def _first_since(age: dt.timedelta) -> UUID:
    # Ids are of version 7 (RFC 9562, 5.7): they begin with the milliseconds of their making.
    return UUID(int=int((utcnow() - age).timestamp() * 1000) << 80)
