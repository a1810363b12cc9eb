import datetime as dt
from collections.abc import AsyncGenerator

import msgspec

from bedplate.domains.audit.filters import AuditFilter
from bedplate.domains.audit.reads import EVENTS
from bedplate.platform.db import PageQuery, ReadPool
from bedplate.platform.db.cursors import CursorSigner
from bedplate.platform.errors import invalid

BATCH = 1000
MAX_SPAN = dt.timedelta(days=366)


class Span(msgspec.Struct, frozen=True):
    """From when (included) to when (not included)."""

    since: dt.datetime
    until: dt.datetime


def span_of(since: dt.datetime, until: dt.datetime | None, now: dt.datetime) -> Span:
    """The time an export covers; it ends now at the latest, so that what it holds no longer changes.

    Raises:
        Invalid: it ends before it begins, or is longer than a year.
    """
    end = min(until or now, now)
    if not since < end:
        raise invalid(
            "/until", "range", "The end must come after the beginning, and the beginning before now"
        )
    if end - since > MAX_SPAN:
        raise invalid("/since", "range", f"Export at most {MAX_SPAN.days} days at once")
    return Span(since, end)


async def export_lines(
    reads: ReadPool, signer: CursorSigner, span: Span, found_by: AuditFilter
) -> AsyncGenerator[bytes]:
    """The events of a span as NDJSON, the oldest first, a batch of lines at a time.

    Each batch is a statement of its own, so that a slow client holds no connection and no snapshot.
    """
    filters = msgspec.structs.asdict(found_by)
    cursor: str | None = None
    while True:
        query = PageQuery(limit=BATCH, cursor=cursor, sort="created_at", signer=signer)
        page = await EVENTS.page(reads, query, **filters, since=span.since, until=span.until)
        if page.items:
            yield msgspec.json.Encoder().encode_lines([row.view() for row in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return
