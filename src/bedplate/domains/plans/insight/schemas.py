from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from bedplate.domains.plans.document.analysis.finding import Severity
from bedplate.domains.plans.document.entities import Priority, State, TaskKind
from bedplate.domains.plans.tasks.schemas import TaskView
from bedplate.domains.plans.words import Line


class ReasonView(msgspec.Struct):
    """Why a task is not ready; `waits_for` is the id of a task or phase, when the reason is one."""

    kind: Literal["state", "kind", "dependency", "phase"]
    message: str
    waits_for: UUID | None


class WaitingTask(msgspec.Struct):
    """A task that cannot be worked on now, and every reason."""

    id: UUID
    number: str | None
    title: str
    kind: TaskKind
    state: State
    priority: Priority
    reasons: list[ReasonView]


class ReadyTasks(msgspec.Struct):
    """Tasks that can be worked on now, in the plan's order; `waiting` is there when asked to explain."""

    items: list[TaskView]
    next_cursor: str | None = None
    waiting: list[WaitingTask] | UnsetType = UNSET


class BlockedTask(TaskView):
    """A task with those it waits for."""

    blocked_by: tuple[UUID, ...] = ()


class ChainTask(msgspec.Struct):
    id: UUID
    number: str | None
    title: str
    state: State
    effort_min: int | None
    effort_max: int | None


class ChainView(msgspec.Struct):
    """Open tasks in the order they must be done; minutes."""

    tasks: list[ChainTask]
    effort_min: int
    effort_max: int


class CriticalPathView(msgspec.Struct):
    """The longest chain if everything takes long, and if everything goes well; they may differ."""

    by_max: ChainView
    by_min: ChainView


class FindingView(msgspec.Struct):
    """A place where the document contradicts itself or the data.

    `entity` is what the document calls it, `entity_id` its row; `line` is that of the newest revision, or 0.
    The id stays as long as the finding is about the same.
    """

    id: UUID
    code: str
    severity: Severity
    entity: str
    entity_id: UUID | None
    message: str
    line: int
    waived_by: UUID | None = None
    waived_reason: str | None = None


class NewWaiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Line


class Impact(msgspec.Struct):
    """What closing a task sets free: at once (`unblocks`) and in the end (`downstream`); minutes."""

    unblocks: list[ChainTask]
    downstream: list[ChainTask]
    effort_min: int
    effort_max: int


class GraphVertex(msgspec.Struct):
    """`id` is the task's, or null for a node that is only drawn; `key` names it in the edges."""

    key: str
    id: UUID | None
    label: str
    number: str | None
    state: str
    kind: str
    drawn_only: bool


class GraphEdge(msgspec.Struct):
    """Keys of two vertices; `origins` are the sources that state the edge."""

    blocker: str
    blocked: str
    origins: list[str]


class GraphView(msgspec.Struct):
    nodes: list[GraphVertex]
    edges: list[GraphEdge]
