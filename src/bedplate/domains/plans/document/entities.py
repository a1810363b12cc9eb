"""What a living document says, as plain data.

A `ref` names an entity inside one document and links entities to each other. `line` and `end_line` are
1-based and inclusive; both are 0 on an entity that stands in no document yet. `places` says, field by
field, where the document states the value, so that the writer can replace it and nothing else.
"""

from datetime import date
from typing import Literal

import msgspec

type State = Literal["pending", "in_progress", "in_review", "completed", "deferred", "cancelled"]
type PhaseState = Literal["pending", "in_progress", "completed"]
type Priority = Literal["critical", "high", "medium", "low", "none"]
type TaskKind = Literal["task", "epic", "milestone", "external"]
type Shape = Literal["heading", "box", "bullet", "row"]
type Origin = Literal["api", "prose", "graph"]
type Side = Literal["dependencies", "blocking"]
type Resolution = Literal["none", "resolved", "wildcard", "ambiguous", "unresolved"]
type Level = Literal["high", "medium", "low"]
type StandupKind = Literal["done", "today", "blocker"]


class Place(msgspec.Struct, frozen=True):
    """A stretch of text: 1-based lines, 0-based character columns, the end column exclusive."""

    line: int
    start: int
    end_line: int
    end: int


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    ref: str
    line: int = 0
    end_line: int = 0
    places: dict[str, Place] = {}


class Plan(Entity, frozen=True, kw_only=True):
    title: str = ""
    document_kind: str | None = None
    document_version: str | None = None
    document_updated_on: date | None = None
    current_phase: str | None = None
    status: str | None = None
    update_frequency: str | None = None
    review_schedule: str | None = None


class Phase(Entity, frozen=True, kw_only=True):
    ordinal: int
    name: str
    subtitle: str | None = None
    state: PhaseState = "pending"
    start_on: date | None = None
    start_text: str | None = None
    target_on: date | None = None
    target_text: str | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The state as each part of the document states it; where two differ, that is a finding."""

    heading: State | None = None
    status: State | None = None
    boxes: State | None = None
    section: State | None = None


class Task(Entity, frozen=True, kw_only=True):
    """Efforts are minutes. `glyph` and `word` are the state as written, U+FE0F included."""

    title: str
    number: str | None = None
    phase: str | None = None
    parent: str | None = None
    kind: TaskKind = "task"
    state: State = "pending"
    glyph: str | None = None
    word: str | None = None
    priority: Priority = "none"
    effort_min: int | None = None
    effort_max: int | None = None
    stated_percent: int | None = None
    next_step: str | None = None
    completed_on: date | None = None
    assignee: str | None = None
    shape: Shape = "heading"
    evidence: Evidence = Evidence()


class Item(Entity, frozen=True, kw_only=True):
    """A checklist item; `marker` is the character between the brackets as written."""

    task: str
    text: str
    marker: str = " "
    done: bool = False


class Prose(Entity, frozen=True, kw_only=True):
    """One part of a `**Dependencies**` or `**Blocking**` line; `target` is a task's ref."""

    task: str
    side: Side
    raw: str
    resolution: Resolution = "unresolved"
    target: str | None = None
    score: float = 0.0


class Node(Entity, frozen=True, kw_only=True):
    mermaid_id: str
    label: str
    task: str | None = None


class Arrow(Entity, frozen=True, kw_only=True):
    """An edge of the drawn graph between two mermaid ids: source before target."""

    source: str
    target: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A dependency between two tasks' refs that the data holds whatever the document says."""

    blocker: str
    blocked: str
    origin: Origin = "api"


class Deferral(Entity, frozen=True, kw_only=True):
    task: str
    original_issue: str | None = None
    decision: str | None = None
    reason: str | None = None
    until_phase: str | None = None


class Decision(Entity, frozen=True, kw_only=True):
    title: str
    body: str = ""
    number: int | None = None
    status: Literal["proposed", "accepted", "rejected", "superseded"] = "accepted"


class Lesson(Entity, frozen=True, kw_only=True):
    title: str
    body: str = ""
    number: int | None = None


class Risk(Entity, frozen=True, kw_only=True):
    level: Level
    text: str
    phase: str | None = None
    mitigation: str | None = None
    status: str | None = None


class Criterion(Entity, frozen=True, kw_only=True):
    """A success criterion; `comparison` holds between a current value and `target`."""

    text: str
    phase: str | None = None
    marker: str | None = None
    met: bool = False
    comparison: Literal[">=", ">", "<=", "<", "="] | None = None
    target: float | None = None
    current: float | None = None
    unit: str | None = None


class Fact(Entity, frozen=True, kw_only=True):
    """A value that the document states and the data can prove or refute."""

    key: str
    raw: str
    phase: str | None = None


class Standup(Entity, frozen=True, kw_only=True):
    kind: StandupKind
    text: str
    task: str | None = None


class Note(Entity, frozen=True, kw_only=True):
    task: str
    text: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a plan, from a document or from rows; each list in document order."""

    plan: Plan
    phases: tuple[Phase, ...] = ()
    tasks: tuple[Task, ...] = ()
    items: tuple[Item, ...] = ()
    prose: tuple[Prose, ...] = ()
    nodes: tuple[Node, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    links: tuple[Link, ...] = ()
    deferrals: tuple[Deferral, ...] = ()
    decisions: tuple[Decision, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    risks: tuple[Risk, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    facts: tuple[Fact, ...] = ()
    standups: tuple[Standup, ...] = ()
    notes: tuple[Note, ...] = ()
