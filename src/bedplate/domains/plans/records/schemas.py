import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bedplate.domains.plans.document.entities import Level
from bedplate.domains.plans.words import Body, Label, Line, Position, Title

type DecisionStatus = Literal["proposed", "accepted", "rejected", "superseded"]
type Comparison = Literal[">=", ">", "<=", "<", "="]
type Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
type Figure = Annotated[float, Meta(ge=-1e15, le=1e15)]


class NewDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a number it takes the next one."""

    title: Title
    body: Body = ""
    number: Count | None = None
    status: Literal["proposed", "accepted", "rejected"] = "accepted"
    position: Position | None = None


class DecisionPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Title | UnsetType = UNSET
    body: Body | UnsetType = UNSET
    number: Count | UnsetType | None = UNSET
    status: Literal["proposed", "accepted", "rejected"] | UnsetType = UNSET
    position: Position | UnsetType = UNSET


class DecisionView(msgspec.Struct):
    """What was decided, and by which decision it was replaced."""

    id: UUID
    plan_id: UUID
    number: int | None
    title: str
    body: str
    status: DecisionStatus
    superseded_by: UUID | None
    position: int
    line: int
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class NewLesson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a number it takes the next one."""

    title: Title
    body: Body = ""
    number: Count | None = None
    position: Position | None = None


class LessonPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Title | UnsetType = UNSET
    body: Body | UnsetType = UNSET
    number: Count | UnsetType | None = UNSET
    position: Position | UnsetType = UNSET


class LessonView(msgspec.Struct):
    """What was learned."""

    id: UUID
    plan_id: UUID
    number: int | None
    title: str
    body: str
    position: int
    line: int
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class NewRisk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: Level
    text: Line
    mitigation: Body | None = None
    status: Label | None = None
    phase_id: UUID | None = None
    position: Position | None = None


class RiskPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: Level | UnsetType = UNSET
    text: Line | UnsetType = UNSET
    mitigation: Body | UnsetType | None = UNSET
    status: Label | UnsetType | None = UNSET
    phase_id: UUID | UnsetType | None = UNSET
    position: Position | UnsetType = UNSET


class RiskView(msgspec.Struct):
    """What may go wrong."""

    id: UUID
    plan_id: UUID
    phase_id: UUID | None
    level: Level
    text: str
    mitigation: str | None
    status: str | None
    position: int
    line: int
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class NewCriterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It is met when `comparison` holds between its newest measurement and `target`."""

    text: Line
    met: bool = False
    comparison: Comparison | None = None
    target: Figure | None = None
    current: Figure | None = None
    unit: Label | None = None
    phase_id: UUID | None = None
    position: Position | None = None


class CriterionPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Line | UnsetType = UNSET
    met: bool | UnsetType = UNSET
    comparison: Comparison | UnsetType | None = UNSET
    target: Figure | UnsetType | None = UNSET
    current: Figure | UnsetType | None = UNSET
    unit: Label | UnsetType | None = UNSET
    phase_id: UUID | UnsetType | None = UNSET
    position: Position | UnsetType = UNSET


class CriterionView(msgspec.Struct):
    """A success criterion."""

    id: UUID
    plan_id: UUID
    phase_id: UUID | None
    text: str
    met: bool
    comparison: Comparison | None
    target: float | None
    current: float | None
    unit: str | None
    position: int
    line: int
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class NewMeasurement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`at` defaults to now; `source` says who measured, such as a build's address."""

    value: Figure
    at: Annotated[dt.datetime, Meta(tz=True)] | None = None
    source: Annotated[str, Meta(max_length=500)] = ""


class MeasurementView(msgspec.Struct):
    id: UUID
    criterion_id: UUID
    value: float
    at: dt.datetime
    source: str
    created_at: dt.datetime
