from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN
from bedplate.domains.plans.dependencies.reads import PLAN_DEPENDENCIES, TASK_DEPENDENCIES
from bedplate.domains.plans.dependencies.schemas import DependencyType, DependencyView, NewDependency
from bedplate.domains.plans.dependencies.service import DependencyService
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.tasks.reads import visible_task
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import created, paged
from bedplate.platform.http.conditional import IF_MATCH, check_if_match

type Origin = Literal["api", "prose", "graph"]


class DependencyController(Controller):
    """What waits for what."""

    path = "/v1"
    tags = ("dependencies",)

    @get("/tasks/{task_id:uuid}/dependencies", access=READ)
    async def list_task_dependencies(
        self,
        request: Request[Any, Any, Any],
        task_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        origin: Origin | None = None,
        type: DependencyType | None = None,  # noqa: A002 - the query parameter's name
    ) -> Response[Page[DependencyView]]:
        """List the edges of a task, to what it waits for and to what waits for it."""
        values = {"task_id": task_id, "other_task_id": task_id, "origin": origin, "type": type}
        found = await TASK_DEPENDENCIES.page(reads, page, user_id=caller.user_id, **values)
        if not found.items:
            await visible_task(reads, task_id, caller.user_id)
        return paged(request, found)

    @post("/tasks/{task_id:uuid}/dependencies", access=WRITE)
    async def create_dependency(
        self, task_id: UUID, data: NewDependency, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[DependencyView]:
        """Let the task wait for another one; what would close a cycle is refused with its path."""
        edge = await DependencyService(db).add(task_id, data, caller.user_id, actor)
        return created(edge, f"/v1/dependencies/{edge.id}", version=edge.version)

    @get("/plans/{plan_id:uuid}/dependencies", access=READ, cached=OF_PLAN)
    async def list_plan_dependencies(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        origin: Origin | None = None,
        type: DependencyType | None = None,  # noqa: A002 - the query parameter's name
    ) -> Response[Page[DependencyView]]:
        """List all edges of a plan."""
        values = {"plan_id": plan_id, "origin": origin, "type": type}
        found = await PLAN_DEPENDENCIES.page(reads, page, user_id=caller.user_id, **values)
        if not found.items:
            await visible_plan(reads, plan_id, caller.user_id)
        return paged(request, found)

    @delete("/dependencies/{dependency_id:uuid}", access=WRITE)
    async def delete_dependency(
        self,
        dependency_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Remove an edge that a client made; what the document states is changed there."""
        service = DependencyService(db)
        dependency = await service.to_change(dependency_id, caller.user_id)
        check_if_match(if_match, dependency.version)
        await service.remove(dependency, actor)
