from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.records.reads import LESSON, LESSONS
from bedplate.domains.plans.records.schemas import LessonPatch, LessonView, NewLesson
from bedplate.domains.plans.records.service import LessonService
from bedplate.domains.plans.rows import given, seen
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import created, paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag


class LessonController(Controller):
    """What was learned."""

    path = "/v1"
    tags = ("lessons",)

    @get("/plans/{plan_id:uuid}/lessons", access=READ, cached=OF_PLAN)
    async def list_lessons(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
    ) -> Response[Page[LessonView]]:
        """List a plan's lessons, in its order; sorts: position, created_at."""
        found = await LESSONS.page(reads, page, user_id=caller.user_id, plan_id=plan_id)
        if not found.items:
            await visible_plan(reads, plan_id, caller.user_id)
        return paged(request, found)

    @post("/plans/{plan_id:uuid}/lessons", access=WRITE)
    async def create_lesson(
        self, plan_id: UUID, data: NewLesson, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[LessonView]:
        """Write down a lesson."""
        service = LessonService(db)
        row = await service.learn(await service.plan(plan_id, caller.user_id), data, actor)
        return created(seen(row, LessonView), f"/v1/lessons/{row.id}", version=row.version)

    @get("/lessons/{lesson_id:uuid}", access=READ)
    async def get_lesson(
        self, request: Request[Any, Any, Any], lesson_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[LessonView]:
        """Show a lesson."""
        row = await LESSON.one(reads, id=lesson_id, user_id=caller.user_id)
        return versioned(request, row, row.version)

    @patch("/lessons/{lesson_id:uuid}", access=WRITE)
    async def change_lesson(
        self,
        lesson_id: UUID,
        data: LessonPatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[LessonView]:
        """Change a lesson."""
        service = LessonService(db)
        row = await service.to_change(lesson_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.change(row, given(data), actor)
        return Response(seen(row, LessonView), headers={"ETag": etag(row.version)})

    @delete("/lessons/{lesson_id:uuid}", access=WRITE)
    async def delete_lesson(
        self,
        lesson_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Remove a lesson."""
        service = LessonService(db)
        row = await service.to_change(lesson_id, caller.user_id)
        check_if_match(if_match, row.version)
        await service.remove(row, actor)
