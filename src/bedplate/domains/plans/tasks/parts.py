from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post, put

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.tasks.deferrals import DeferralService
from bedplate.domains.plans.tasks.items import ItemService
from bedplate.domains.plans.tasks.reads import DEFERRAL, ITEMS, visible_task
from bedplate.domains.plans.tasks.schemas import (
    DeferralBody,
    DeferralView,
    ItemPatch,
    ItemView,
    NewItem,
)
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction, computed_page
from bedplate.platform.http.answers import created, paged
from bedplate.platform.http.conditional import IF_MATCH, IF_NONE_MATCH, check_if_match, check_put, etag


class TaskPartController(Controller):
    """What belongs to a task: its checklist, and why it was put off."""

    path = "/v1/tasks/{task_id:uuid}"
    tags = ("tasks",)

    @get("/checklist", access=READ)
    async def list_checklist(
        self,
        request: Request[Any, Any, Any],
        task_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
    ) -> Response[Page[ItemView]]:
        """List a task's boxes, in their order."""
        await visible_task(reads, task_id, caller.user_id)
        items = await ITEMS.all(reads, task_id=task_id, user_id=caller.user_id)
        return paged(request, computed_page(page, f"checklist {task_id}", items, lambda item: item.id))

    @post("/checklist", access=WRITE)
    async def create_checklist_item(
        self, task_id: UUID, data: NewItem, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[ItemView]:
        """Add a box at the end."""
        item = await ItemService(db).add(task_id, data, caller.user_id, actor)
        return created(item, f"/v1/tasks/{task_id}/checklist/{item.id}", version=item.version)

    @patch("/checklist/{item_id:uuid}", access=WRITE)
    async def change_checklist_item(
        self,
        task_id: UUID,
        item_id: UUID,
        data: ItemPatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[ItemView]:
        """Tick a box, or change its text; If-Match is the item's version."""
        service = ItemService(db)
        task, item = await service.to_change(task_id, item_id, caller.user_id)
        check_if_match(if_match, item.version)
        view = await service.change(task, item, data, actor)
        return Response(view, headers={"ETag": etag(view.version)})

    @delete("/checklist/{item_id:uuid}", access=WRITE)
    async def delete_checklist_item(
        self,
        task_id: UUID,
        item_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Remove a box."""
        service = ItemService(db)
        task, item = await service.to_change(task_id, item_id, caller.user_id)
        check_if_match(if_match, item.version)
        await service.remove(task, item, actor)

    @get("/deferral", access=READ)
    async def get_deferral(self, task_id: UUID, caller: Caller, reads: ReadPool) -> Response[DeferralView]:
        """Show why a task was put off."""
        found = await DEFERRAL.one(reads, task_id=task_id, user_id=caller.user_id)
        return Response(found, headers={"ETag": etag(found.version)})

    @put("/deferral", access=WRITE)
    async def defer_task(
        self,
        task_id: UUID,
        data: DeferralBody,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
        if_none_match: Annotated[str | None, IF_NONE_MATCH] = None,
    ) -> Response[DeferralView]:
        """Put a task off, with a reason; it becomes `deferred`. Conditions are heeded, not asked for."""
        check = partial(check_put, if_match, if_none_match)
        view = await DeferralService(db).defer(task_id, data, caller.user_id, actor, check=check)
        return Response(view, headers={"ETag": etag(view.version)})

    @delete("/deferral", access=WRITE)
    async def resume_task(
        self,
        task_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Take a deferral back; the task becomes `pending` again."""
        service = DeferralService(db)
        task, deferral = await service.to_change(task_id, caller.user_id)
        check_if_match(if_match, deferral.version)
        await service.resume(task, deferral, actor)
