from typing import Any, Literal
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.status_codes import HTTP_202_ACCEPTED

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.document.merging.merge import OnConflict
from bedplate.domains.plans.jobs import ExportPayload, ImportPayload, export_plan, import_plan
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.revisions.accepted import queued_job
from bedplate.domains.plans.revisions.reads import DOCUMENT, DOCUMENTS, RAW
from bedplate.domains.plans.revisions.schemas import DocumentView, ExportOrder
from bedplate.domains.plans.revisions.store import add_document
from bedplate.domains.plans.revisions.upload import MARKDOWN, MOST_BYTES, MarkdownBody, uploaded_markdown
from bedplate.domains.plans.scope import plan_to_change
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import accepted, paged, versioned
from bedplate.platform.http.conditional import etag, matches
from bedplate.platform.jobs import JobView, enqueue
from bedplate.platform.limits.defaults import IMPORT as IMPORT_LIMIT
from bedplate.platform.limits.defaults import WRITE as WRITE_LIMIT


class RevisionController(Controller):
    """A plan's documents: taken in, written out, kept."""

    path = "/v1/plans/{plan_id:uuid}"
    tags = ("documents",)

    @post(
        "/imports",
        access=WRITE,
        status_code=HTTP_202_ACCEPTED,
        request_max_body_size=MOST_BYTES,
        operation_class=MarkdownBody,
        limits=(WRITE_LIMIT, IMPORT_LIMIT),
    )
    async def import_document(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        dry_run: bool = False,  # noqa: FBT001, FBT002 - a query parameter
        on_conflict: OnConflict = "merge",
    ) -> Response[JobView]:
        """Take a document in, as a job: merged with the data against the revision both came from."""
        raw = await uploaded_markdown(request)
        plan = await plan_to_change(db, plan_id, caller.user_id)
        document_id = await add_document(db, plan, raw, "import", actor.user_id)
        payload = ImportPayload(plan.id, document_id, on_conflict, dry_run)
        job_id = await enqueue(db, import_plan, payload, owner_id=caller.user_id, team_id=plan.team_id)
        return accepted(queued_job(job_id, import_plan, caller.user_id, plan.team_id), f"/v1/jobs/{job_id}")

    @post("/exports", access=WRITE, status_code=HTTP_202_ACCEPTED)
    async def export_document(
        self,
        plan_id: UUID,
        data: ExportOrder,  # noqa: ARG002 - holds the body to being empty
        caller: Caller,
        db: Transaction,
    ) -> Response[JobView]:
        """Write the data into the plan's document, as a job whose result is `{"document_id": …}`."""
        plan = await plan_to_change(db, plan_id, caller.user_id)
        payload = ExportPayload(plan.id)
        job_id = await enqueue(db, export_plan, payload, owner_id=caller.user_id, team_id=plan.team_id)
        return accepted(queued_job(job_id, export_plan, caller.user_id, plan.team_id), f"/v1/jobs/{job_id}")

    @get("/documents", access=READ)
    async def list_documents(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        origin: Literal["import", "export"] | None = None,
    ) -> Response[Page[DocumentView]]:
        """List a plan's revisions, the newest first."""
        found = await DOCUMENTS.page(reads, page, user_id=caller.user_id, plan_id=plan_id, origin=origin)
        if not found.items:
            await visible_plan(reads, plan_id, caller.user_id)
        return paged(request, found)


class DocumentController(Controller):
    """A stored document."""

    path = "/v1/documents/{document_id:uuid}"
    tags = ("documents",)

    @get("/", access=READ)
    async def get_document(
        self, request: Request[Any, Any, Any], document_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[DocumentView]:
        """Show what is known of a document."""
        document = await DOCUMENT.one(reads, document_id=document_id, user_id=caller.user_id)
        return versioned(request, document, f"{document.sha256[:32]}-{document.revision or 0}")

    @get("/raw", access=READ, media_type=MARKDOWN)
    async def get_document_bytes(
        self, request: Request[Any, Any, Any], document_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[bytes]:
        """The document's bytes as they came or were written."""
        document = await RAW.one(reads, document_id=document_id, user_id=caller.user_id)
        tag = etag(document.sha256)
        headers = {
            "ETag": tag,
            "Cache-Control": "private, max-age=31536000, immutable",
            "Content-Disposition": f'attachment; filename="{document_id}.md"',
        }
        if matches(request.headers.get("if-none-match"), tag):
            return Response(b"", status_code=304, headers=headers)
        return Response(document.raw, media_type=MARKDOWN, headers=headers)
