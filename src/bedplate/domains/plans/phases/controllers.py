from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.params import QueryParameter

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN
from bedplate.domains.plans.document.entities import PhaseState
from bedplate.domains.plans.phases.models import Phase
from bedplate.domains.plans.phases.reads import PHASE, PHASES
from bedplate.domains.plans.phases.schemas import NewPhase, PhasePatch, PhaseView
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.rows import RowService, given, seen
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import created, paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag


class PhaseController(Controller):
    """The phases of a plan."""

    path = "/v1"
    tags = ("phases",)

    @get("/plans/{plan_id:uuid}/phases", access=READ, cached=OF_PLAN)
    async def list_phases(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        phase_state: Annotated[
            PhaseState | None, QueryParameter(name="state", description="Only in this state")
        ] = None,
    ) -> Response[Page[PhaseView]]:
        """List a plan's phases, in its order; sorts: position, created_at."""
        found = await PHASES.page(reads, page, user_id=caller.user_id, plan_id=plan_id, state=phase_state)
        if not found.items:
            await visible_plan(reads, plan_id, caller.user_id)
        return paged(request, found)

    @post("/plans/{plan_id:uuid}/phases", access=WRITE)
    async def create_phase(
        self, plan_id: UUID, data: NewPhase, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[PhaseView]:
        """Add a phase."""
        service = RowService(db, Phase, "phase")
        row = await service.add(
            await service.plan(plan_id, caller.user_id), msgspec.structs.asdict(data), actor
        )
        return created(seen(row, PhaseView), f"/v1/phases/{row.id}", version=row.version)

    @get("/phases/{phase_id:uuid}", access=READ)
    async def get_phase(
        self, request: Request[Any, Any, Any], phase_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[PhaseView]:
        """Show a phase."""
        row = await PHASE.one(reads, id=phase_id, user_id=caller.user_id)
        return versioned(request, row, row.version)

    @patch("/phases/{phase_id:uuid}", access=WRITE)
    async def change_phase(
        self,
        phase_id: UUID,
        data: PhasePatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[PhaseView]:
        """Change a phase."""
        service = RowService(db, Phase, "phase")
        row = await service.to_change(phase_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.change(row, given(data), actor)
        return Response(seen(row, PhaseView), headers={"ETag": etag(row.version)})

    @delete("/phases/{phase_id:uuid}", access=WRITE)
    async def delete_phase(
        self,
        phase_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Remove a phase; its tasks stay, in none."""
        service = RowService(db, Phase, "phase")
        row = await service.to_change(phase_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.remove(row, actor)
