import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, select

from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.reads import PLAN_COLUMNS
from bedplate.domains.plans.revisions.models import StoredDocument
from bedplate.domains.plans.schemas import PlanView
from bedplate.domains.plans.tasks.models import Task
from bedplate.domains.plans.time.models import Standup, StandupItem, TimeEntry
from bedplate.domains.teams import in_callers_teams, personal_team
from bedplate.platform.db import Read, ReadPool


class TaskSummary(msgspec.Struct):
    plan_id: UUID
    number: str | None
    title: str
    state: str
    priority: str


class Document(msgspec.Struct):
    plan_id: UUID
    revision: int
    text: str


class Minutes(msgspec.Struct):
    plan_id: UUID
    minutes: int
    started_at: dt.datetime
    note: str


class Said(msgspec.Struct):
    plan_id: UUID
    day: dt.date
    kind: str
    text: str


class PlansOfPerson(msgspec.Struct, frozen=True):
    """The plans of a person's teams; what stands in those of his own, and what he himself left in any."""

    plans: list[PlanView]
    tasks: list[TaskSummary]
    documents: list[Document]
    time: list[Minutes]
    standups: list[Said]


_OWN = Plan.team_id == personal_team(bindparam("user_id"))
_NEWEST = (StoredDocument.plan_id == Plan.id, StoredDocument.revision == Plan.revision)
_PLANS = Read(select(*PLAN_COLUMNS).where(in_callers_teams(Plan.team_id)).order_by(Plan.id), PlanView)
_TASKS = Read(
    select(Task.plan_id, Task.number, Task.title, Task.state, Task.priority)
    .join(Plan, Plan.id == Task.plan_id)
    .where(_OWN)
    .order_by(Task.plan_id, Task.position, Task.id),
    TaskSummary,
)
_DOCUMENTS = Read(
    select(
        StoredDocument.plan_id,
        StoredDocument.revision,
        func.convert_from(StoredDocument.raw, "UTF8").label("text"),
    )
    .join(Plan, Plan.id == StoredDocument.plan_id)
    .where(_OWN, *_NEWEST)
    .order_by(StoredDocument.plan_id),
    Document,
)
_TIME = Read(
    select(TimeEntry.plan_id, TimeEntry.minutes, TimeEntry.started_at, TimeEntry.note)
    .where(TimeEntry.user_id == bindparam("user_id"))
    .order_by(TimeEntry.id),
    Minutes,
)
_STANDUPS = Read(
    select(Standup.plan_id, Standup.day, StandupItem.kind, StandupItem.text)
    .join(StandupItem, StandupItem.standup_id == Standup.id)
    .where(Standup.author_id == bindparam("user_id"))
    .order_by(Standup.day, StandupItem.position),
    Said,
)


async def export_plans(reads: ReadPool, user_id: UUID) -> PlansOfPerson:
    """What is kept of a person in plans, for his archive."""
    return PlansOfPerson(
        plans=await _PLANS.all(reads, user_id=user_id),
        tasks=await _TASKS.all(reads, user_id=user_id),
        documents=await _DOCUMENTS.all(reads, user_id=user_id),
        time=await _TIME.all(reads, user_id=user_id),
        standups=await _STANDUPS.all(reads, user_id=user_id),
    )
