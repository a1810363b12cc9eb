from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, post, put
from litestar.openapi import ResponseSpec
from litestar.params import Parameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import WRITE
from bedplate.domains.plans.batches.schemas import Batch, BatchResult
from bedplate.domains.plans.batches.service import BatchService
from bedplate.domains.plans.tasks.reads import written_detail
from bedplate.domains.plans.tasks.schemas import TaskDetail, TaskPatch
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Transaction
from bedplate.platform.http.conditional import IF_MATCH, IF_NONE_MATCH, check_put, etag

type External = Annotated[str, Parameter(min_length=1, max_length=200)]


class BatchController(Controller):
    """Many tasks at once, and tasks that stand for items elsewhere."""

    path = "/v1/plans/{plan_id:uuid}/tasks"
    tags = ("tasks",)

    @post("/batch", access=WRITE, status_code=HTTP_200_OK)
    async def change_tasks(
        self, plan_id: UUID, data: Batch, caller: Caller, db: Transaction, actor: Actor
    ) -> BatchResult:
        """Create, change and remove up to 200 tasks, all or none; a refusal has an error per operation."""
        return await BatchService(db).run(plan_id, data.operations, caller.user_id, actor)

    @put(
        "/by-external/{source:str}/{external_id:str}",
        access=WRITE,
        responses={HTTP_201_CREATED: ResponseSpec(TaskDetail, description="The task was made")},
    )
    async def keep_external_task(
        self,
        plan_id: UUID,
        source: External,
        external_id: External,
        data: TaskPatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
        if_none_match: Annotated[str | None, IF_NONE_MATCH] = None,
    ) -> Response[TaskDetail]:
        """Bring the task that stands for an external item in step, or make it; conditions are heeded, not asked for."""
        check = partial(check_put, if_match, if_none_match)
        task, made = await BatchService(db).keep(
            plan_id, (source, external_id), data, caller.user_id, actor, check=check
        )
        detail = await written_detail(db, task.id)
        headers = {"ETag": etag(detail.version), "Location": f"/v1/tasks/{task.id}"}
        return Response(detail, status_code=HTTP_201_CREATED if made else HTTP_200_OK, headers=headers)
