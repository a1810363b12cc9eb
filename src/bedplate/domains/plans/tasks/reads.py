from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, bindparam, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from bedplate.domains.plans.tasks.models import PRIORITIES, ChecklistItem, Deferral, Task, TaskTransition
from bedplate.domains.plans.tasks.schemas import DeferralView, ItemView, TaskDetail, TaskView, TransitionView
from bedplate.domains.teams import in_callers_teams
from bedplate.platform.db import Listing, Read, ReadPool, Sort, Transaction
from bedplate.platform.errors import NotFound

_items = select(func.count()).where(ChecklistItem.task_id == Task.id)
_DERIVED = {
    "items_total": _items.scalar_subquery(),
    "items_done": _items.where(ChecklistItem.done).scalar_subquery(),
}


def task_columns() -> Select[*tuple[Any, ...]]:
    """Select what a `TaskView` holds."""
    fields = TaskView.__struct_fields__
    return select(*(_DERIVED[f].label(f) if f in _DERIVED else getattr(Task, f) for f in fields))


_rank = case({name: rank for rank, name in enumerate(PRIORITIES)}, value=Task.priority)
_title = func.left(Task.title, 200, type_=String)
_words = bindparam("q", type_=String)


def _query(language: str) -> ColumnElement[Any]:
    return func.websearch_to_tsquery(literal_column(f"'{language}'::regconfig"), _words)


_found = Task.search.op("@@")(_query("english").op("||")(_query("simple")))
TASK = Read(task_columns().where(Task.id == bindparam("task_id"), in_callers_teams(Task.team_id)), TaskView)
TASKS = Listing(
    "tasks",
    task_columns().where(Task.plan_id == bindparam("plan_id"), in_callers_teams(Task.team_id)),
    TaskView,
    sorts={
        "position": Sort(columns=(Task.position, Task.id), kinds=(int, UUID)),
        "created_at": Sort(columns=(Task.id,), kinds=(UUID,)),
        "priority": Sort(columns=(_rank, Task.position, Task.id), kinds=(int, int, UUID)),
        "title": Sort(columns=(_title, Task.id), kinds=(str, UUID)),
    },
    default_sort="position",
    filters={
        "state": Task.state == bindparam("state"),
        "priority": Task.priority == bindparam("priority"),
        "kind": Task.kind == bindparam("kind"),
        "phase": Task.phase_id == bindparam("phase"),
        "parent": Task.parent_id == bindparam("parent"),
        "assignee": Task.assignee == bindparam("assignee"),
        "number": Task.number == bindparam("number"),
        "q": _found,
    },
)
TASKS_BY_ID = Read(task_columns().where(Task.id == func.any(bindparam("ids", type_=ARRAY(Uuid())))), TaskView)
ITEMS = Read(
    select(
        ChecklistItem.id,
        ChecklistItem.text,
        ChecklistItem.done,
        ChecklistItem.marker,
        ChecklistItem.position,
        ChecklistItem.line,
        ChecklistItem.version,
    )
    .where(ChecklistItem.task_id == bindparam("task_id"), in_callers_teams(ChecklistItem.team_id))
    .order_by(ChecklistItem.position, ChecklistItem.id),
    ItemView,
)
TRANSITIONS = Listing(
    "transitions",
    select(
        TaskTransition.id,
        TaskTransition.task_id,
        TaskTransition.from_state,
        TaskTransition.to_state,
        TaskTransition.reason,
        TaskTransition.actor_id,
        TaskTransition.created_at,
    ).where(TaskTransition.task_id == bindparam("task_id"), in_callers_teams(TaskTransition.team_id)),
    TransitionView,
    sorts={"created_at": Sort(columns=(TaskTransition.id,), kinds=(UUID,))},
    default_sort="created_at",
)
DEFERRAL = Read(
    select(*(getattr(Deferral, name) for name in DeferralView.__struct_fields__)).where(
        Deferral.task_id == bindparam("task_id"), in_callers_teams(Deferral.team_id)
    ),
    DeferralView,
)
_ONE = task_columns()


async def visible_task(reads: ReadPool, task_id: UUID, user_id: UUID) -> TaskView:
    """A task of the caller's teams.

    Raises:
        NotFound: it is in none of them, or nowhere.
    """
    return await TASK.one(reads, task_id=task_id, user_id=user_id)


async def tasks_by_id(reads: ReadPool, ids: Sequence[UUID]) -> dict[UUID, TaskView]:
    """Tasks whoever asks, for what has checked the plan already."""
    return {task.id: task for task in await TASKS_BY_ID.all(reads, ids=list(ids))} if ids else {}


async def task_detail(reads: ReadPool, task_id: UUID, user_id: UUID) -> TaskDetail:
    """A task with its checklist.

    Raises:
        NotFound: it is in none of the caller's teams, or nowhere.
    """
    task = await visible_task(reads, task_id, user_id)
    items = await ITEMS.all(reads, task_id=task_id, user_id=user_id) if task.items_total else []
    return TaskDetail.of(task, items)


async def written_task(session: Transaction, task_id: UUID) -> TaskView:
    """A task as the transaction sees it.

    Raises:
        NotFound: there is none.
    """
    row = (await session.execute(_ONE.where(Task.id == task_id))).one_or_none()
    if row is None:
        raise NotFound
    return TaskView(*row)


async def written_detail(session: Transaction, task_id: UUID) -> TaskDetail:
    """A task with its checklist, as the transaction sees them.

    Raises:
        NotFound: there is none.
    """
    task = await written_task(session, task_id)
    return TaskDetail.of(task, await written_items(session, task_id) if task.items_total else [])


async def written_items(session: Transaction, task_id: UUID) -> list[ItemView]:
    """A task's checklist as the transaction sees it."""
    columns = (getattr(ChecklistItem, name) for name in ItemView.__struct_fields__)
    statement = select(*columns).where(ChecklistItem.task_id == task_id)
    rows = await session.execute(statement.order_by(ChecklistItem.position, ChecklistItem.id))
    return [ItemView(*row) for row in rows]
