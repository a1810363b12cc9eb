from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.params import Parameter, QueryParameter

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN
from bedplate.domains.plans.document.entities import Priority, State, TaskKind
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.tasks.reads import (
    TASKS,
    TRANSITIONS,
    task_detail,
    visible_task,
    written_detail,
)
from bedplate.domains.plans.tasks.schemas import (
    NewTask,
    NewTransition,
    TaskDetail,
    TaskPatch,
    TaskView,
    TransitionView,
)
from bedplate.domains.plans.tasks.service import TaskService
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import created, paged, versioned
from bedplate.platform.http.body import TypedRequest
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag


class PlanTaskController(Controller):
    """The tasks of a plan."""

    path = "/v1/plans/{plan_id:uuid}/tasks"
    tags = ("tasks",)

    @get("/", access=READ, cached=OF_PLAN)
    async def list_tasks(
        self,
        request: TypedRequest,
        plan_id: UUID,
        page: PageQuery,
        task_state: Annotated[
            State | None, QueryParameter(name="state", description="Only in this state")
        ] = None,
        priority: Priority | None = None,
        kind: TaskKind | None = None,
        phase: UUID | None = None,
        parent: UUID | None = None,
        assignee: str | None = None,
        number: str | None = None,
        q: Annotated[
            str | None, Parameter(max_length=200, description='Words, "phrases", or, -without')
        ] = None,
    ) -> Response[Page[TaskView]]:
        """List a plan's tasks, in its order; sorts: position, created_at, priority, title."""
        user_id, reads = request.caller.user_id, request.reads
        found = await TASKS.page(
            reads,
            page,
            user_id=user_id,
            plan_id=plan_id,
            state=task_state,
            priority=priority,
            kind=kind,
            phase=phase,
            parent=parent,
            assignee=assignee,
            number=number,
            q=q,
        )
        if not found.items:
            await visible_plan(reads, plan_id, user_id)
        return paged(request, found)

    @post("/", access=WRITE)
    async def create_task(
        self, plan_id: UUID, data: NewTask, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[TaskDetail]:
        """Add a task, with its checklist."""
        task = await TaskService(db).add(plan_id, data, caller.user_id, actor)
        detail = await written_detail(db, task.id)
        return created(detail, f"/v1/tasks/{task.id}", version=detail.version)


class TaskController(Controller):
    """A task."""

    path = "/v1/tasks/{task_id:uuid}"
    tags = ("tasks",)

    @get("/", access=READ)
    async def get_task(
        self, request: Request[Any, Any, Any], task_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[TaskDetail]:
        """Show a task with its checklist."""
        task = await task_detail(reads, task_id, caller.user_id)
        return versioned(request, task, task.version)

    @patch("/", access=WRITE)
    async def change_task(
        self,
        task_id: UUID,
        data: TaskPatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[TaskDetail]:
        """Change a task: its fields, its state, its checklist."""
        service = TaskService(db)
        task = await service.to_change(task_id, caller.user_id)
        check_if_match(if_match, task.version)
        await service.change(task, data, actor)
        detail = await written_detail(db, task_id)
        return Response(detail, headers={"ETag": etag(detail.version)})

    @delete("/", access=WRITE)
    async def delete_task(
        self,
        task_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Remove a task; its children stay, under nobody."""
        service = TaskService(db)
        task = await service.to_change(task_id, caller.user_id)
        check_if_match(if_match, task.version)
        await service.remove(task, actor)

    @get("/transitions", access=READ)
    async def list_transitions(
        self,
        request: Request[Any, Any, Any],
        task_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
    ) -> Response[Page[TransitionView]]:
        """List a task's changes of state, the oldest first."""
        found = await TRANSITIONS.page(reads, page, user_id=caller.user_id, task_id=task_id)
        if not found.items:
            await visible_task(reads, task_id, caller.user_id)
        return paged(request, found)

    @post("/transitions", access=WRITE)
    async def move_task(
        self,
        task_id: UUID,
        data: NewTransition,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[TaskDetail]:
        """Take a task to another state, with a reason; If-Match is honoured, and not required."""
        service = TaskService(db)
        task = await service.to_change(task_id, caller.user_id)
        if if_match:
            check_if_match(if_match, task.version)
        await service.move(task, data.state, data.reason, actor)
        detail = await written_detail(db, task_id)
        return created(detail, f"/v1/tasks/{task_id}/transitions", version=detail.version)
