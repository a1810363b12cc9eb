from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream
from litestar.status_codes import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from bedplate.domains.audit import Actor, record
from bedplate.domains.operations.schemas import JobState, StartJob
from bedplate.domains.operations.stream import ENDED, event_stream, last_seen
from bedplate.platform.auth.access import Access
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import accepted, paged
from bedplate.platform.jobs import JobBook, JobsRuntime, JobView

# An account whose address is not verified yet follows the jobs of its own plans.
READ = Access(permission="jobs:read", verified=False)
WRITE = Access(permission="jobs:write", verified=False)


class JobController(Controller):
    """Background work: start it, follow it, fetch its result, end it, try it again."""

    path = "/v1/jobs"
    tags = ("jobs",)

    @get("/", access=READ)
    async def list_jobs(
        self,
        request: Request[Any, Any, Any],
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        book: JobBook,
        type: str | None = None,  # noqa: A002 - the query parameter's name
        job_state: Annotated[
            JobState | None, QueryParameter(name="state", description="Only in this state")
        ] = None,
        queue: str | None = None,
        team_id: UUID | None = None,
        parent_id: UUID | None = None,
        tag: str | None = None,
    ) -> Response[Page[JobView]]:
        """List one's jobs and those of one's teams, the newest first."""
        found = await book.page(
            reads,
            page,
            caller,
            type=type,
            state=job_state,
            queue=queue,
            team_id=team_id,
            parent_id=parent_id,
            tag=tag,
        )
        return paged(request, found)

    @post("/", access=WRITE, status_code=HTTP_202_ACCEPTED)
    async def start_job(
        self, data: StartJob, caller: Caller, db: Transaction, book: JobBook
    ) -> Response[dict[str, UUID]]:
        """Start a job of a public type."""
        job_id = await book.start(db, caller, data.type, data.payload)
        return accepted({"id": job_id}, f"/v1/jobs/{job_id}")

    @get("/{job_id:uuid}", access=READ)
    async def get_job(self, job_id: UUID, caller: Caller, reads: ReadPool, book: JobBook) -> JobView:
        """Show a job."""
        return await book.get(reads, caller, job_id)

    @get("/{job_id:uuid}/events", access=READ, media_type="text/event-stream")
    async def follow_job(
        self,
        job_id: UUID,
        request: Request[Any, Any, Any],
        caller: Caller,
        reads: ReadPool,
        book: JobBook,
        jobs: JobsRuntime,
        last_event_id: Annotated[
            str | None, HeaderParameter(name="Last-Event-ID", description="Go on after this event")
        ] = None,
    ) -> Stream | Response[None]:
        """Follow a job by server-sent events: every step of progress once, in order, and its states.

        The stream of an ended job replays its events and closes; a client that reconnects after the last
        event gets 204, which tells it to stop, unless the job was tried again since.
        """
        view = await book.get(reads, caller, job_id)
        after, ended_with = last_seen(last_event_id)
        if ended_with == view.attempts and view.state in ENDED:
            return Response(None, status_code=HTTP_204_NO_CONTENT)

        async def still() -> Caller:
            return await request.app.state.authenticator.again(request.scope)

        return Stream(
            event_stream(jobs, book, view.id, after, still),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @get(
        "/{job_id:uuid}/result",
        access=READ,
        media_type="application/json",
        produces={"application/json": None},
    )
    async def get_result(self, job_id: UUID, caller: Caller, reads: ReadPool, book: JobBook) -> bytes:
        """Fetch the result of a job that has succeeded, however large."""
        return await book.result(reads, caller, job_id)

    @post("/{job_id:uuid}/cancellation", access=WRITE, status_code=HTTP_202_ACCEPTED)
    async def cancel_job(
        self, job_id: UUID, caller: Caller, db: Transaction, book: JobBook, actor: Actor
    ) -> Response[dict[str, UUID]]:
        """Cancel a job and those under it; a running one stops within a second, a dead letter is dismissed."""
        await book.cancel(db, caller.user_id, job_id)
        await record(db, "job.cancelled", actor, resource=f"job:{job_id}")
        return accepted({"id": job_id}, f"/v1/jobs/{job_id}")

    @post("/{job_id:uuid}/retry", access=WRITE, status_code=HTTP_202_ACCEPTED)
    async def retry_job(
        self, job_id: UUID, caller: Caller, db: Transaction, book: JobBook, actor: Actor
    ) -> Response[dict[str, UUID]]:
        """Queue a failed or dead job again."""
        await book.retry(db, caller, job_id)
        await record(db, "job.retried", actor, resource=f"job:{job_id}")
        return accepted({"id": job_id}, f"/v1/jobs/{job_id}")
