import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import Provide
from litestar.params import QueryParameter
from litestar.response import Stream

from bedplate.domains.audit.actor import Actor
from bedplate.domains.audit.export import export_lines, span_of
from bedplate.domains.audit.filters import AuditFilter, audit_filter
from bedplate.domains.audit.reads import EVENT, EVENTS, AuditEventView
from bedplate.domains.audit.service import record
from bedplate.platform.auth.access import requires
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction, utcnow
from bedplate.platform.http.answers import paged

READ = requires("audit:read")
NDJSON = "application/x-ndjson"
type Moment = Annotated[dt.datetime, msgspec.Meta(tz=True)]
SINCE = QueryParameter(description="Not before this moment")
UNTIL = QueryParameter(description="Before this moment")


class AuditController(Controller):
    """The audit trail, for those who may read it."""

    path = "/v1/audit-events"
    tags = ("audit",)
    dependencies = {"found_by": Provide(audit_filter, sync_to_thread=False)}  # noqa: RUF012 - Litestar's own

    @get("/", access=READ)
    async def list_audit_events(
        self,
        request: Request[Any, Any, Any],
        reads: ReadPool,
        page: PageQuery,
        found_by: AuditFilter,
        since: Annotated[Moment | None, SINCE] = None,
        until: Annotated[Moment | None, UNTIL] = None,
    ) -> Response[Page[AuditEventView]]:
        """List events, the newest first."""
        filters = msgspec.structs.asdict(found_by)
        found = await EVENTS.page(reads, page, **filters, since=since, until=until)
        return paged(request, Page([row.view() for row in found.items], found.next_cursor))

    @get("/{event_id:uuid}", access=READ)
    async def get_audit_event(self, event_id: UUID, reads: ReadPool) -> AuditEventView:
        """Show an event."""
        return (await EVENT.one(reads, id=event_id)).view()

    @get("/export", access=READ, media_type=NDJSON)
    async def export_audit_events(
        self,
        request: Request[Any, Any, Any],
        db: Transaction,
        reads: ReadPool,
        found_by: AuditFilter,
        actor: Actor,
        since: Annotated[Moment, SINCE],
        until: Annotated[Moment | None, UNTIL] = None,
    ) -> Stream:
        """Export the events of a time of at most a year as NDJSON, the oldest first; the export is an event too."""
        span = span_of(since, until, utcnow())
        filters = [name for name, value in msgspec.structs.asdict(found_by).items() if value is not None]
        await record(db, "audit.exported", actor, since=span.since, until=span.until, filters=filters)
        lines = export_lines(reads, request.app.state.cursors, span, found_by)
        name = f"audit-{span.since:%Y%m%d}-{span.until:%Y%m%d}.ndjson"
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
        return Stream(lines, media_type=NDJSON, headers=headers)
