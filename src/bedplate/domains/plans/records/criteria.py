from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.records.reads import CRITERIA, CRITERION, MEASUREMENTS
from bedplate.domains.plans.records.schemas import (
    CriterionPatch,
    CriterionView,
    MeasurementView,
    NewCriterion,
    NewMeasurement,
)
from bedplate.domains.plans.records.service import CriterionService
from bedplate.domains.plans.rows import given, seen
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import created, paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag


class CriterionController(Controller):
    """Success criteria, and the measurements that move them."""

    path = "/v1"
    tags = ("criteria",)

    @get("/plans/{plan_id:uuid}/criteria", access=READ, cached=OF_PLAN)
    async def list_criteria(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        met: bool | None = None,  # noqa: FBT001 - a query parameter
        phase: UUID | None = None,
    ) -> Response[Page[CriterionView]]:
        """List a plan's criteria, in its order; sorts: position, created_at."""
        found = await CRITERIA.page(
            reads, page, user_id=caller.user_id, plan_id=plan_id, met=met, phase=phase
        )
        if not found.items:
            await visible_plan(reads, plan_id, caller.user_id)
        return paged(request, found)

    @post("/plans/{plan_id:uuid}/criteria", access=WRITE)
    async def create_criterion(
        self, plan_id: UUID, data: NewCriterion, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[CriterionView]:
        """Set up a criterion."""
        service = CriterionService(db)
        row = await service.set_up(await service.plan(plan_id, caller.user_id), data, actor)
        return created(seen(row, CriterionView), f"/v1/criteria/{row.id}", version=row.version)

    @get("/criteria/{criterion_id:uuid}", access=READ)
    async def get_criterion(
        self, request: Request[Any, Any, Any], criterion_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[CriterionView]:
        """Show a criterion."""
        row = await CRITERION.one(reads, id=criterion_id, user_id=caller.user_id)
        return versioned(request, row, row.version)

    @patch("/criteria/{criterion_id:uuid}", access=WRITE)
    async def change_criterion(
        self,
        criterion_id: UUID,
        data: CriterionPatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[CriterionView]:
        """Change a criterion."""
        service = CriterionService(db)
        row = await service.to_change(criterion_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.change(row, await service.check(row.plan_id, given(data)), actor)
        return Response(seen(row, CriterionView), headers={"ETag": etag(row.version)})

    @delete("/criteria/{criterion_id:uuid}", access=WRITE)
    async def delete_criterion(
        self,
        criterion_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Remove a criterion with its measurements."""
        service = CriterionService(db)
        row = await service.to_change(criterion_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.remove(row, actor)

    @get("/criteria/{criterion_id:uuid}/measurements", access=READ)
    async def list_measurements(
        self,
        request: Request[Any, Any, Any],
        criterion_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
    ) -> Response[Page[MeasurementView]]:
        """List a criterion's measurements, the newest first."""
        found = await MEASUREMENTS.page(reads, page, user_id=caller.user_id, criterion_id=criterion_id)
        if not found.items:
            await CRITERION.one(reads, id=criterion_id, user_id=caller.user_id)
        return paged(request, found)

    @post("/criteria/{criterion_id:uuid}/measurements", access=WRITE)
    async def create_measurement(
        self, criterion_id: UUID, data: NewMeasurement, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[MeasurementView]:
        """Append a measurement, as CI does; the newest decides whether the criterion is met."""
        service = CriterionService(db)
        criterion = await service.to_change(criterion_id, caller.user_id)
        measured = await service.measure(criterion, data, actor)
        return created(measured, f"/v1/criteria/{criterion_id}/measurements")
