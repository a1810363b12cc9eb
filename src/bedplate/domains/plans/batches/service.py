from collections.abc import Callable
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bedplate.domains.audit import Actor
from bedplate.domains.plans.batches.schemas import (
    BatchResult,
    CreateTask,
    DeleteTask,
    Done,
    Operation,
    UpdateTask,
)
from bedplate.domains.plans.caching import plan_tag
from bedplate.domains.plans.errors import ERRORS
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.rows import given
from bedplate.domains.plans.scope import plan_to_change
from bedplate.domains.plans.tasks.models import Task
from bedplate.domains.plans.tasks.schemas import NewItem, NewTask, TaskPatch
from bedplate.domains.plans.tasks.service import TaskService
from bedplate.platform.cache import invalidate
from bedplate.platform.db import Transaction
from bedplate.platform.db.constraints import database_failure
from bedplate.platform.errors import Failure, FieldError, Invalid, NotFound, PreconditionFailed

LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 3))")


type Check = Callable[[int | None], None]


class BatchRefused(Invalid):
    """Nothing was done; `errors` say which operations were wrong."""

    code, title = "batch_refused", "Some operations cannot be done, so none was"


class BatchService:
    """Many changes of tasks in one transaction, and tasks kept in step with items elsewhere."""

    def __init__(self, session: Transaction) -> None:
        self._session = session
        self._tasks = TaskService(session)

    async def run(
        self, plan_id: UUID, operations: tuple[Operation, ...], user_id: UUID, actor: Actor
    ) -> BatchResult:
        """Do all operations in order, or none.

        Raises:
            BatchRefused: with an error for each that cannot be done.
        """
        plan = await plan_to_change(self._session, plan_id, user_id)
        # Once for all: what an operation's own savepoint holds might be taken back with it.
        await invalidate(self._session, plan_tag(plan_id))
        results: list[Done] = []
        errors: list[FieldError] = []
        for index, operation in enumerate(operations):
            try:
                async with self._session.begin_nested():
                    results.append(await self._one(plan, operation, actor))
            except (Failure, DBAPIError) as error:
                errors += _located(index, error)
        if errors:
            raise BatchRefused(errors=errors)
        return BatchResult(results)

    async def keep(
        self,
        plan_id: UUID,
        item: tuple[str, str],
        new: TaskPatch,
        user_id: UUID,
        actor: Actor,
        *,
        check: Check,
    ) -> tuple[Task, bool]:
        """Bring the task of an external item in step, or make it; the flag says whether it was made.

        `item` is its source and its name there; `check` is given the version that is, or None, before anything changes.

        Raises:
            PreconditionFailed: by `check`.
            Invalid: it is new and has no title.
        """
        session = self._session
        source, external_id = item
        plan = await plan_to_change(session, plan_id, user_id)
        await session.execute(LOCK, {"key": f"{plan_id} {source} {external_id}"})
        task = await session.scalar(
            select(Task)
            .where(Task.plan_id == plan_id, Task.external_source == source, Task.external_id == external_id)
            .with_for_update(key_share=True)
        )
        check(None if task is None else task.version)
        if task is not None:
            await self._tasks.change(task, new, actor)
            return task, False
        return await self._tasks.add_to(plan, _as_new(new, source, external_id), actor), True

    async def _one(self, plan: Plan, operation: Operation, actor: Actor) -> Done:
        if isinstance(operation, CreateTask):
            task = await self._tasks.add_to(plan, operation.task, actor)
            return Done("create", task.id, task.version)
        task = await self._found(plan, operation)
        if isinstance(operation, UpdateTask):
            await self._tasks.change(task, operation.patch, actor)
            return Done("update", task.id, task.version)
        await self._tasks.remove(task, actor)
        return Done("delete", operation.id, None)

    async def _found(self, plan: Plan, operation: UpdateTask | DeleteTask) -> Task:
        statement = select(Task).where(Task.id == operation.id, Task.plan_id == plan.id)
        task = await self._session.scalar(statement.with_for_update(key_share=True))
        if task is None:
            raise NotFound
        if task.version != operation.version:
            raise PreconditionFailed
        return task


def _located(index: int, error: Failure | DBAPIError) -> list[FieldError]:
    """An operation's errors, as errors of the batch.

    Raises:
        DBAPIError: it is our own fault, or the database's.
    """
    place = f"/operations/{index}"
    failure = error if isinstance(error, Failure) else database_failure(error, ERRORS)
    if failure is None or failure.status >= Failure.status:
        raise error
    if failure.errors:
        return [FieldError(place + each.pointer, each.rule, each.message) for each in failure.errors]
    return [FieldError(place, failure.code, failure.detail or failure.title)]


def _as_new(patch: TaskPatch, source: str, external_id: str) -> NewTask:
    fields = given(patch)
    if "title" not in fields:
        message = "A new task needs a title"
        raise Invalid(message, errors=[FieldError("/title", "required", message)])
    fields.pop("reason", None)
    items = fields.pop("checklist", ())
    checklist = tuple(NewItem(item.text, done=item.done is True) for item in items if item.text is not UNSET)
    fields |= {"external_source": source, "external_id": external_id}
    return NewTask(**fields, checklist=checklist)
