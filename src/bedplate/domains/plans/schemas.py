import datetime as dt
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from bedplate.domains.plans.words import Key, Label, Title


class NewPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`team_id` defaults to the caller's personal team."""

    key: Key
    title: Title
    team_id: UUID | None = None


class PlanPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: Key | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    document_version: Label | UnsetType | None = UNSET
    document_updated_on: dt.date | UnsetType | None = UNSET
    current_phase: Label | UnsetType | None = UNSET
    status: Label | UnsetType | None = UNSET
    update_frequency: Label | UnsetType | None = UNSET
    review_schedule: Label | UnsetType | None = UNSET


class PlanView(msgspec.Struct):
    """A plan; `revision` is that of its newest document, 0 before the first."""

    id: UUID
    team_id: UUID
    key: str
    title: str
    document_kind: str | None
    document_version: str | None
    document_updated_on: dt.date | None
    current_phase: str | None
    status: str | None
    update_frequency: str | None
    review_schedule: str | None
    revision: int
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class Summary(msgspec.Struct):
    """A plan in figures; efforts of open tasks in minutes."""

    tasks: int
    pending: int
    in_progress: int
    in_review: int
    completed: int
    deferred: int
    cancelled: int
    items: int
    items_done: int
    criteria: int
    criteria_met: int
    phases: int
    decisions: int
    lessons: int
    risks: int
    effort_min: int
    effort_max: int
    minutes_spent: int
