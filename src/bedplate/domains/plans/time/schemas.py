import datetime as dt
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bedplate.domains.plans.document.entities import StandupKind
from bedplate.domains.plans.words import Line

type Spent = Annotated[int, Meta(ge=1, le=1_000_000, description="Minutes")]
type Moment = Annotated[dt.datetime, Meta(tz=True)]


class NewTimeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On a task, on a phase, or on the plan as such when neither is named; `started_at` defaults to now."""

    minutes: Spent
    task_id: UUID | None = None
    phase_id: UUID | None = None
    started_at: Moment | None = None
    note: Annotated[str, Meta(max_length=2000)] = ""


class TimeEntryView(msgspec.Struct):
    id: UUID
    plan_id: UUID
    task_id: UUID | None
    phase_id: UUID | None
    user_id: UUID | None
    minutes: int
    started_at: dt.datetime
    note: str
    created_at: dt.datetime
    version: int


class NewStandupItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: StandupKind
    text: Line
    task_id: UUID | None = None


class StandupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One's own standup of a day, in place of what one said before."""

    items: Annotated[tuple[NewStandupItem, ...], Meta(max_length=200)]


class StandupItemView(msgspec.Struct):
    """What was said; `author_id` is null for what follows from the data."""

    kind: StandupKind
    text: str
    task_id: UUID | None
    author_id: UUID | None


class StandupView(msgspec.Struct):
    """A day: what was done, what is worked on, what is in the way."""

    day: dt.date
    items: list[StandupItemView]


class PhaseProgress(msgspec.Struct):
    """Figures of a phase, or of what is in none (`phase_id` null); efforts and time in minutes."""

    phase_id: UUID | None
    name: str | None
    tasks: int
    closed: int
    items: int
    items_done: int
    effort_min: int
    effort_max: int
    open_min: int
    open_max: int
    minutes_spent: int


class Progress(msgspec.Struct):
    """`percent` is the share of tasks that are closed, epics and deferred ones apart; null without tasks."""

    percent: float | None
    phases: list[PhaseProgress]


class BurndownDay(msgspec.Struct):
    """What was open at the end of a day (UTC); minutes."""

    day: dt.date
    open_tasks: int
    open_min: int
    open_max: int
