import datetime as dt
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get

from bedplate.domains.audit.reads import EVENTS, AuditEventView
from bedplate.platform.auth.access import requires
from bedplate.platform.db import Page, PageQuery, ReadPool
from bedplate.platform.http.answers import paged


class AuditController(Controller):
    """The audit trail, for those who may read it."""

    path = "/v1/audit-events"
    tags = ("audit",)

    @get("/", access=requires("audit:read"))
    async def list_audit_events(
        self,
        request: Request[Any, Any, Any],
        reads: ReadPool,
        page: PageQuery,
        type: str | None = None,  # noqa: A002 - the query parameter's name
        actor_id: UUID | None = None,
        subject_id: UUID | None = None,
        team_id: UUID | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
    ) -> Response[Page[AuditEventView]]:
        """List events, the newest first."""
        found = await EVENTS.page(
            reads,
            page,
            type=type,
            actor_id=actor_id,
            subject_id=subject_id,
            team_id=team_id,
            since=since,
            until=until,
        )
        return paged(request, Page([row.view() for row in found.items], found.next_cursor))
