import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    BindParameter,
    Integer,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.expression import ColumnElement

from bedplate.domains.plans.phases.models import Phase
from bedplate.domains.plans.tasks.models import ChecklistItem, Task, TaskTransition
from bedplate.domains.plans.time.models import Standup, StandupItem, TimeEntry
from bedplate.domains.plans.time.schemas import PhaseProgress, StandupItemView, TimeEntryView
from bedplate.domains.teams import in_callers_teams
from bedplate.platform.db import Listing, Read, Sort

_PLAN: BindParameter[UUID] = bindparam("plan_id")
TIME_ENTRIES = Listing(
    "time-entries",
    select(*(getattr(TimeEntry, name) for name in TimeEntryView.__struct_fields__)).where(
        TimeEntry.plan_id == _PLAN, in_callers_teams(TimeEntry.team_id)
    ),
    TimeEntryView,
    sorts={"started_at": Sort(columns=(TimeEntry.started_at, TimeEntry.id), kinds=(dt.datetime, UUID))},
    default_sort="-started_at",
    filters={
        "task": TimeEntry.task_id == bindparam("task"),
        "phase": TimeEntry.phase_id == bindparam("phase"),
        "user": TimeEntry.user_id == bindparam("user"),
        "since": TimeEntry.started_at >= bindparam("since"),
        "until": TimeEntry.started_at < bindparam("until"),
    },
)
STANDUP_ITEMS = Read(
    select(StandupItem.kind, StandupItem.text, StandupItem.task_id, Standup.author_id)
    .join(Standup, Standup.id == StandupItem.standup_id)
    .where(Standup.plan_id == _PLAN, Standup.day == bindparam("day"))
    .order_by(Standup.id, StandupItem.position),
    StandupItemView,
)
CLOSED_THAT_DAY = Read(
    select(
        literal("done").label("kind"),
        Task.title.label("text"),
        Task.id.label("task_id"),
        TaskTransition.actor_id.label("author_id"),
    )
    .join(Task, Task.id == TaskTransition.task_id)
    .where(
        TaskTransition.plan_id == _PLAN,
        TaskTransition.to_state == "completed",
        TaskTransition.created_at >= bindparam("start"),
        TaskTransition.created_at < bindparam("end"),
    )
    .order_by(TaskTransition.id),
    StandupItemView,
)


class TaskSize(msgspec.Struct):
    """A task for the burndown."""

    id: UUID
    state: str
    kind: str
    effort_min: int
    effort_max: int
    created_at: dt.datetime


class Move(msgspec.Struct):
    task_id: UUID
    from_state: str
    at: dt.datetime


def _minutes(column: Any) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(cast(column, Integer)), 0), Integer)


SIZES = Read(
    select(
        Task.id,
        Task.state,
        Task.kind,
        func.coalesce(Task.effort_min, 0).label("effort_min"),
        func.coalesce(Task.effort_max, Task.effort_min, 0).label("effort_max"),
        Task.created_at,
    ).where(Task.plan_id == _PLAN),
    TaskSize,
)
MOVES = Read(
    select(TaskTransition.task_id, TaskTransition.from_state, TaskTransition.created_at.label("at"))
    .where(TaskTransition.plan_id == _PLAN, TaskTransition.created_at >= bindparam("since"))
    .order_by(TaskTransition.id.desc()),
    Move,
)

_open = or_(Task.state == "pending", Task.state == "in_progress", Task.state == "in_review")
_least = func.coalesce(Task.effort_min, 0)
_most = func.coalesce(Task.effort_max, Task.effort_min, 0)
_boxes = (
    select(
        ChecklistItem.task_id,
        func.count().label("items"),
        func.count().filter(ChecklistItem.done).label("items_done"),
    )
    .where(ChecklistItem.plan_id == _PLAN)
    .group_by(ChecklistItem.task_id)
    .subquery()
)
_spent = (
    select(func.coalesce(TimeEntry.phase_id, Task.phase_id).label("phase_id"), TimeEntry.minutes)
    .outerjoin(Task, Task.id == TimeEntry.task_id)
    .where(TimeEntry.plan_id == _PLAN)
    .subquery()
)
_named = union_all(
    select(Phase.id, Phase.name, Phase.ordinal).where(Phase.plan_id == _PLAN),
    select(null().label("id"), null().label("name"), literal(2_000_000_000, Integer).label("ordinal")),
).subquery()
_work = (
    select(
        Task.phase_id,
        func.count().filter(Task.state != "deferred").label("tasks"),
        func.count().filter(or_(Task.state == "completed", Task.state == "cancelled")).label("closed"),
        _minutes(_boxes.c["items"]).label("items"),
        _minutes(_boxes.c["items_done"]).label("items_done"),
        _minutes(_least).label("effort_min"),
        _minutes(_most).label("effort_max"),
        _minutes(case((_open, _least), else_=0)).label("open_min"),
        _minutes(case((_open, _most), else_=0)).label("open_max"),
    )
    .outerjoin(_boxes, _boxes.c.task_id == Task.id)
    .where(Task.plan_id == _PLAN, Task.kind != "epic")
    .group_by(Task.phase_id)
    .subquery()
)
_FIGURES = ("tasks", "closed", "items", "items_done", "effort_min", "effort_max", "open_min", "open_max")
PROGRESS = Read(
    select(
        _named.c.id.label("phase_id"),
        _named.c.name,
        *(func.coalesce(_work.c[name], 0).label(name) for name in _FIGURES),
        select(_minutes(_spent.c.minutes))
        .where(_spent.c.phase_id.is_not_distinct_from(_named.c.id))
        .scalar_subquery()
        .label("minutes_spent"),
    )
    .outerjoin(_work, _work.c.phase_id.is_not_distinct_from(_named.c.id))
    .order_by(_named.c.ordinal),
    PhaseProgress,
)
