import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Self
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bedplate.domains.plans.document.entities import Priority, State, TaskKind
from bedplate.domains.plans.words import Body, Label, Line, Minutes, Number, Percent, Position, Title

type Effort = Minutes | None


class NewItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Line
    done: bool = False


class NewTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Efforts are minutes; without a position the task goes last."""

    title: Title
    number: Number | None = None
    kind: TaskKind = "task"
    state: State = "pending"
    priority: Priority = "none"
    phase_id: UUID | None = None
    parent_id: UUID | None = None
    effort_min: Effort = None
    effort_max: Effort = None
    stated_percent: Percent | None = None
    next_step: Line | None = None
    completed_on: dt.date | None = None
    assignee: Label | None = None
    external_source: Label | None = None
    external_id: Label | None = None
    position: Position | None = None
    checklist: Annotated[tuple[NewItem, ...], Meta(max_length=200)] = ()


class ItemPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Line | UnsetType = UNSET
    done: bool | UnsetType = UNSET


class ItemChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With an id, a change of that item; without one, a new item, which needs a text."""

    id: UUID | None = None
    text: Line | UnsetType = UNSET
    done: bool | UnsetType = UNSET


class TaskPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason` goes with a change of `state`; `checklist` changes the items it names and adds new ones."""

    title: Title | UnsetType = UNSET
    number: Number | UnsetType | None = UNSET
    kind: TaskKind | UnsetType = UNSET
    state: State | UnsetType = UNSET
    reason: Body | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    phase_id: UUID | UnsetType | None = UNSET
    parent_id: UUID | UnsetType | None = UNSET
    effort_min: Minutes | UnsetType | None = UNSET
    effort_max: Minutes | UnsetType | None = UNSET
    stated_percent: Percent | UnsetType | None = UNSET
    next_step: Line | UnsetType | None = UNSET
    completed_on: dt.date | UnsetType | None = UNSET
    assignee: Label | UnsetType | None = UNSET
    external_source: Label | UnsetType | None = UNSET
    external_id: Label | UnsetType | None = UNSET
    position: Position | UnsetType = UNSET
    checklist: Annotated[tuple[ItemChange, ...], Meta(max_length=200)] | UnsetType = UNSET


class NewTransition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: State
    reason: Body = ""


class DeferralBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a task is put off; it becomes `deferred`."""

    reason: Body
    original_issue: Body | None = None
    decision: Body | None = None
    until_phase_id: UUID | None = None


class TaskView(msgspec.Struct):
    """A task; efforts in minutes, `glyph` and `word` are its state as the document writes it."""

    id: UUID
    plan_id: UUID
    number: str | None
    title: str
    kind: TaskKind
    state: State
    priority: Priority
    phase_id: UUID | None
    parent_id: UUID | None
    position: int
    effort_min: int | None
    effort_max: int | None
    stated_percent: int | None
    next_step: str | None
    completed_on: dt.date | None
    assignee: str | None
    claimed_by: UUID | None
    lease_until: dt.datetime | None
    external_source: str | None
    external_id: str | None
    glyph: str | None
    word: str | None
    line: int
    items_total: int
    items_done: int
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class ItemView(msgspec.Struct):
    """A checklist item; `marker` is the character between its brackets as written."""

    id: UUID
    text: str
    done: bool
    marker: str
    position: int
    line: int
    version: int


class TaskDetail(TaskView):
    """A task with its checklist."""

    checklist: tuple[ItemView, ...] = ()

    @classmethod
    def of(cls, task: TaskView, items: Sequence[ItemView]) -> Self:
        """The task with these items."""
        return cls(**msgspec.structs.asdict(task), checklist=tuple(items))


class ClaimOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the claim holds unless it is renewed."""

    lease_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900


class TransitionView(msgspec.Struct):
    id: UUID
    task_id: UUID
    from_state: State
    to_state: State
    reason: str
    actor_id: UUID | None
    created_at: dt.datetime


class DeferralView(msgspec.Struct):
    id: UUID
    task_id: UUID
    original_issue: str | None
    decision: str | None
    reason: str | None
    until_phase_id: UUID | None
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int
