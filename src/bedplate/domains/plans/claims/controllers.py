from uuid import UUID

from litestar import Controller, Response, post
from litestar.status_codes import HTTP_200_OK

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import WRITE
from bedplate.domains.plans.claims.service import ClaimService
from bedplate.domains.plans.tasks.reads import written_detail
from bedplate.domains.plans.tasks.schemas import ClaimOrder, TaskDetail
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Transaction
from bedplate.platform.http.answers import created
from bedplate.platform.http.conditional import etag


class ClaimController(Controller):
    """Who works on what."""

    path = "/v1"
    tags = ("claims",)

    @post("/plans/{plan_id:uuid}/claims", access=WRITE)
    async def claim_next_task(
        self, plan_id: UUID, data: ClaimOrder, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[TaskDetail]:
        """Claim the most urgent ready task that nobody holds, for a while."""
        task = await ClaimService(db).claim_next(plan_id, data.lease_seconds, caller.user_id, actor)
        detail = await written_detail(db, task.id)
        return created(detail, f"/v1/tasks/{task.id}", version=detail.version)

    @post("/tasks/{task_id:uuid}/claim", access=WRITE, status_code=HTTP_200_OK)
    async def claim_task(
        self, task_id: UUID, data: ClaimOrder, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[TaskDetail]:
        """Claim this task for a while, or renew one's claim."""
        await ClaimService(db).claim(task_id, data.lease_seconds, caller.user_id, actor)
        detail = await written_detail(db, task_id)
        return Response(detail, headers={"ETag": etag(detail.version)})

    @post("/tasks/{task_id:uuid}/release", access=WRITE, status_code=HTTP_200_OK)
    async def release_task(
        self, task_id: UUID, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[TaskDetail]:
        """Give a claim back."""
        await ClaimService(db).release(task_id, caller.user_id, actor)
        detail = await written_detail(db, task_id)
        return Response(detail, headers={"ETag": etag(detail.version)})
