from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.records.reads import DECISION, DECISIONS
from bedplate.domains.plans.records.schemas import DecisionPatch, DecisionStatus, DecisionView, NewDecision
from bedplate.domains.plans.records.service import DecisionService
from bedplate.domains.plans.rows import given, seen
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import created, paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag


class DecisionController(Controller):
    """What was decided."""

    path = "/v1"
    tags = ("decisions",)

    @get("/plans/{plan_id:uuid}/decisions", access=READ, cached=OF_PLAN)
    async def list_decisions(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        status: DecisionStatus | None = None,
    ) -> Response[Page[DecisionView]]:
        """List a plan's decisions, in its order; sorts: position, created_at."""
        found = await DECISIONS.page(reads, page, user_id=caller.user_id, plan_id=plan_id, status=status)
        if not found.items:
            await visible_plan(reads, plan_id, caller.user_id)
        return paged(request, found)

    @post("/plans/{plan_id:uuid}/decisions", access=WRITE)
    async def create_decision(
        self, plan_id: UUID, data: NewDecision, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[DecisionView]:
        """Take a decision."""
        service = DecisionService(db)
        row = await service.take(await service.plan(plan_id, caller.user_id), data, actor)
        return created(seen(row, DecisionView), f"/v1/decisions/{row.id}", version=row.version)

    @get("/decisions/{decision_id:uuid}", access=READ)
    async def get_decision(
        self, request: Request[Any, Any, Any], decision_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[DecisionView]:
        """Show a decision."""
        row = await DECISION.one(reads, id=decision_id, user_id=caller.user_id)
        return versioned(request, row, row.version)

    @patch("/decisions/{decision_id:uuid}", access=WRITE)
    async def change_decision(
        self,
        decision_id: UUID,
        data: DecisionPatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[DecisionView]:
        """Change a decision."""
        service = DecisionService(db)
        row = await service.to_change(decision_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.change(row, given(data), actor)
        return Response(seen(row, DecisionView), headers={"ETag": etag(row.version)})

    @delete("/decisions/{decision_id:uuid}", access=WRITE)
    async def delete_decision(
        self,
        decision_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Remove a decision."""
        service = DecisionService(db)
        row = await service.to_change(decision_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.remove(row, actor)

    @post("/decisions/{decision_id:uuid}/supersede", access=WRITE)
    async def supersede_decision(
        self, decision_id: UUID, data: NewDecision, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[DecisionView]:
        """Take a new decision in the place of this one, which becomes `superseded`."""
        service = DecisionService(db)
        old = await service.to_change(decision_id, caller.user_id)
        row = await service.supersede(old, data, caller.user_id, actor)
        return created(seen(row, DecisionView), f"/v1/decisions/{row.id}", version=row.version)
