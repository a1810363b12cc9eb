from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.status_codes import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from bedplate.domains.audit import Actor, record
from bedplate.platform.auth.access import requires
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction, computed_page
from bedplate.platform.http.answers import accepted, paged
from bedplate.platform.jobs import JobsRuntime
from bedplate.platform.jobs.schedule_book import list_schedules, pause_schedule, resume_schedule
from bedplate.platform.jobs.views import ScheduleView


class ScheduleController(Controller):
    """What runs by the clock."""

    path = "/v1/schedules"
    tags = ("jobs",)

    @get("/", access=requires("schedules:read"))
    async def list_schedules(
        self, request: Request[Any, Any, Any], reads: ReadPool, jobs: JobsRuntime, page: PageQuery
    ) -> Response[Page[ScheduleView]]:
        """List every schedule with its next runs and what it missed."""
        found = await list_schedules(reads, jobs.scheduler)
        return paged(request, computed_page(page, "schedules", found, lambda each: each.name))

    @post("/{name:str}/pause", access=requires("schedules:write"), status_code=HTTP_204_NO_CONTENT)
    async def pause_schedule(self, name: str, db: Transaction, jobs: JobsRuntime, actor: Actor) -> None:
        """Fire a schedule no more, for the time being."""
        await pause_schedule(db, jobs.scheduler, name)
        await record(db, "schedule.paused", actor, resource=f"schedule:{name}")

    @post("/{name:str}/resumption", access=requires("schedules:write"), status_code=HTTP_204_NO_CONTENT)
    async def resume_schedule(self, name: str, db: Transaction, jobs: JobsRuntime, actor: Actor) -> None:
        """Fire it again, from its next moment on."""
        await resume_schedule(db, jobs.scheduler, name)
        await record(db, "schedule.resumed", actor, resource=f"schedule:{name}")

    @post("/{name:str}/runs", access=requires("schedules:write"), status_code=HTTP_202_ACCEPTED)
    async def run_schedule(
        self, name: str, caller: Caller, db: Transaction, jobs: JobsRuntime, actor: Actor
    ) -> Response[dict[str, UUID]]:
        """Run a schedule's job now."""
        job_id = await jobs.scheduler.run_now(db, name, owner_id=caller.user_id)
        await record(db, "schedule.run", actor, resource=f"schedule:{name}")
        return accepted({"id": job_id}, f"/v1/jobs/{job_id}")
