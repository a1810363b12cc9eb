from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN
from bedplate.domains.plans.reads import PLANS, visible_plan
from bedplate.domains.plans.schemas import NewPlan, PlanPatch, PlanView, Summary
from bedplate.domains.plans.service import PlanService
from bedplate.domains.plans.summary import SUMMARY
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import created, paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag


class PlanController(Controller):
    """Plans."""

    path = "/v1/plans"
    tags = ("plans",)

    @get("/", access=READ)
    async def list_plans(
        self,
        request: Request[Any, Any, Any],
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        team_id: UUID | None = None,
        key: str | None = None,
        status: str | None = None,
    ) -> Response[Page[PlanView]]:
        """List the plans of one's teams; sorts: created_at, key, title."""
        found = await PLANS.page(reads, page, user_id=caller.user_id, team_id=team_id, key=key, status=status)
        return paged(request, found)

    @post("/", access=WRITE)
    async def create_plan(
        self, data: NewPlan, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[PlanView]:
        """Make an empty plan; import a document into it to fill it."""
        plan = await PlanService(db).create(data, caller.user_id, actor)
        return created(plan, f"/v1/plans/{plan.id}", version=plan.version)

    @get("/{plan_id:uuid}", access=READ, cached=OF_PLAN)
    async def get_plan(
        self, request: Request[Any, Any, Any], plan_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[PlanView]:
        """Show a plan."""
        plan = await visible_plan(reads, plan_id, caller.user_id)
        return versioned(request, plan, plan.version)

    @patch("/{plan_id:uuid}", access=WRITE)
    async def change_plan(
        self,
        plan_id: UUID,
        data: PlanPatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[PlanView]:
        """Change a plan's own fields."""
        service = PlanService(db)
        plan = await service.to_change(plan_id, caller.user_id)
        check_if_match(if_match, plan.version)
        view = await service.change(plan, data, actor)
        return Response(view, headers={"ETag": etag(view.version)})

    @delete("/{plan_id:uuid}", access=WRITE)
    async def delete_plan(
        self,
        plan_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Remove a plan with its tasks, records and documents; for owners of its team."""
        service = PlanService(db)
        plan = await service.to_remove(plan_id, caller.user_id)
        check_if_match(if_match, plan.version)
        await service.remove(plan, actor)

    @get("/{plan_id:uuid}/summary", access=READ, cached=OF_PLAN)
    async def summarise_plan(self, plan_id: UUID, caller: Caller, reads: ReadPool) -> Summary:
        """Show a plan in figures."""
        await visible_plan(reads, plan_id, caller.user_id)
        return await SUMMARY.one(reads, plan_id=plan_id)
