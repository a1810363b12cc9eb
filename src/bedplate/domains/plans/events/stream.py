"""A plan's events as they are committed: in an order in which none can still come before one that was sent."""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec

from bedplate.platform.db import ReadPool
from bedplate.platform.errors import BadRequest, NotFound, Unauthenticated

RETRY = b"retry: 1000\n\n"
KEEP_ALIVE = b": keep-alive\n\n"
LOOK_SECONDS = 0.5
QUIET_LOOKS = 30
BATCH = 200
# An event is sent once every transaction that began before its own has ended: what commits later has a
# higher number, so that going on after a pair of (transaction, id) passes by nothing.
AFTER = """
select transaction, id, type, resource, actor_id, data::text, created_at from plan_event
where plan_id = $1 and (transaction, id) > ($2, $3)
  and transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
order by transaction, id limit $4
"""
NEWEST = """
select transaction, id from plan_event
where plan_id = $1 and transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
order by transaction desc, id desc limit 1
"""
FIRST = UUID(int=0)

type Place = tuple[int, UUID]


class PlanEventView(msgspec.Struct):
    """Something that happened: `type` is `noun.event`, `resource` is `noun:id`."""

    id: UUID
    type: str
    resource: str | None
    actor_id: UUID | None
    data: msgspec.Raw
    at: dt.datetime


def place_of(last_event_id: str) -> Place:
    """The place after which a stream goes on.

    Raises:
        BadRequest: it is none of ours.
    """
    number, _, event_id = last_event_id.partition(".")
    try:
        transaction, last = int(number), UUID(event_id)
    except ValueError as error:
        raise BadRequest("Last-Event-ID is not one of this stream's") from error
    if not 0 <= transaction < 2**63:
        raise BadRequest("Last-Event-ID is not one of this stream's")
    return transaction, last


async def newest_place(reads: ReadPool, plan_id: UUID) -> Place:
    """The place of the newest event; a stream without Last-Event-ID tells of what comes after it."""
    row = await reads.fetchrow(NEWEST, plan_id)
    return (0, FIRST) if row is None else (row[0], row[1])


async def event_stream(
    reads: ReadPool, plan_id: UUID, after: Place, still: Callable[[], Awaitable[None]]
) -> AsyncGenerator[bytes]:
    """Render events as text/event-stream (WHATWG HTML, 9.2), until the client leaves, or `still` raises."""
    yield RETRY
    quiet = 0
    while True:
        try:
            await still()
        except (Unauthenticated, NotFound):
            return
        rows = await reads.fetch(AFTER, plan_id, *after, BATCH)
        for row in rows:
            after = (row[0], row[1])
            yield _event(row)
        quiet = 0 if rows else quiet + 1
        if quiet >= QUIET_LOOKS:
            quiet = 0
            yield KEEP_ALIVE
        if len(rows) < BATCH:
            await asyncio.sleep(LOOK_SECONDS)


def _event(row: Any) -> bytes:
    view = PlanEventView(row[1], row[2], row[3], row[4], msgspec.Raw(row[5].encode()), row[6])
    head = f"id: {row[0]}.{row[1]}\nevent: {row[2]}\ndata: "
    return head.encode() + msgspec.json.encode(view) + b"\n\n"
