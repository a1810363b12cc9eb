from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN
from bedplate.domains.plans.document.entities import Level
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.records.reads import RISK, RISKS
from bedplate.domains.plans.records.schemas import NewRisk, RiskPatch, RiskView
from bedplate.domains.plans.records.service import RiskService
from bedplate.domains.plans.rows import given, seen
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import created, paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag


class RiskController(Controller):
    """What may go wrong."""

    path = "/v1"
    tags = ("risks",)

    @get("/plans/{plan_id:uuid}/risks", access=READ, cached=OF_PLAN)
    async def list_risks(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        level: Level | None = None,
        phase: UUID | None = None,
    ) -> Response[Page[RiskView]]:
        """List a plan's risks, in its order; sorts: position, created_at."""
        found = await RISKS.page(
            reads, page, user_id=caller.user_id, plan_id=plan_id, level=level, phase=phase
        )
        if not found.items:
            await visible_plan(reads, plan_id, caller.user_id)
        return paged(request, found)

    @post("/plans/{plan_id:uuid}/risks", access=WRITE)
    async def create_risk(
        self, plan_id: UUID, data: NewRisk, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[RiskView]:
        """Name a risk."""
        service = RiskService(db)
        row = await service.name(await service.plan(plan_id, caller.user_id), data, actor)
        return created(seen(row, RiskView), f"/v1/risks/{row.id}", version=row.version)

    @get("/risks/{risk_id:uuid}", access=READ)
    async def get_risk(
        self, request: Request[Any, Any, Any], risk_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[RiskView]:
        """Show a risk."""
        row = await RISK.one(reads, id=risk_id, user_id=caller.user_id)
        return versioned(request, row, row.version)

    @patch("/risks/{risk_id:uuid}", access=WRITE)
    async def change_risk(
        self,
        risk_id: UUID,
        data: RiskPatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[RiskView]:
        """Change a risk."""
        service = RiskService(db)
        row = await service.to_change(risk_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.change(row, await service.check(row.plan_id, given(data)), actor)
        return Response(seen(row, RiskView), headers={"ETag": etag(row.version)})

    @delete("/risks/{risk_id:uuid}", access=WRITE)
    async def delete_risk(
        self,
        risk_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Remove a risk."""
        service = RiskService(db)
        row = await service.to_change(risk_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.remove(row, actor)
