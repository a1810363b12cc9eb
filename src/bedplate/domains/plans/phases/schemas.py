import datetime as dt
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bedplate.domains.plans.document.entities import PhaseState
from bedplate.domains.plans.words import Label, Position

type Ordinal = Annotated[int, Meta(ge=0, le=1_000_000, description="Its number in the plan")]


class NewPhase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Start and target are a day, or words where no day is known."""

    ordinal: Ordinal
    name: Label
    subtitle: Label | None = None
    state: PhaseState = "pending"
    start_on: dt.date | None = None
    start_text: Label | None = None
    target_on: dt.date | None = None
    target_text: Label | None = None
    position: Position | None = None


class PhasePatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ordinal: Ordinal | UnsetType = UNSET
    name: Label | UnsetType = UNSET
    subtitle: Label | UnsetType | None = UNSET
    state: PhaseState | UnsetType = UNSET
    start_on: dt.date | UnsetType | None = UNSET
    start_text: Label | UnsetType | None = UNSET
    target_on: dt.date | UnsetType | None = UNSET
    target_text: Label | UnsetType | None = UNSET
    position: Position | UnsetType = UNSET


class PhaseView(msgspec.Struct):
    """A stretch of the plan."""

    id: UUID
    plan_id: UUID
    ordinal: int
    name: str
    subtitle: str | None
    state: PhaseState
    start_on: dt.date | None
    start_text: str | None
    target_on: dt.date | None
    target_text: str | None
    position: int
    line: int
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int
