"""The dependency graph that every analysis runs on, the same for a document and for rows."""

import re
from collections import defaultdict
from typing import Literal

import msgspec

from bedplate.domains.plans.document.entities import (
    Content,
    Link,
    Origin,
    Phase,
    PhaseState,
    Priority,
    State,
    TaskKind,
)
from bedplate.domains.plans.document.words import CLOSED, PHASE

type Basis = Literal["prose", "graph", "both"]

_AFTER = re.compile(r"\b(?:after|once|when|following|upon)\b", re.IGNORECASE)
_ORIGINS: dict[Basis, frozenset[Origin]] = {
    "prose": frozenset({"api", "prose"}),
    "graph": frozenset({"api", "graph"}),
    "both": frozenset({"api", "prose", "graph"}),
}


class Vertex(msgspec.Struct, frozen=True, kw_only=True):
    """A task, or a node that is only drawn (`drawn_only`). Efforts are minutes; unknown ones count as 0."""

    key: str
    title: str
    number: str | None = None
    state: State = "pending"
    kind: TaskKind = "task"
    priority: Priority = "none"
    phase: str | None = None
    parent: str | None = None
    effort_min: int = 0
    effort_max: int = 0
    drawn_only: bool = False

    @property
    def label(self) -> str:
        return f"{self.number}. {self.title}" if self.number else self.title


class Edge(msgspec.Struct, frozen=True):
    blocker: str
    blocked: str
    origin: Origin = "api"


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A phase, and the phases that must be complete before its tasks can start."""

    key: str
    name: str
    state: PhaseState = "pending"
    after: tuple[str, ...] = ()


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """Vertices in document order. Edges whose ends are unknown are ignored by every analysis."""

    vertices: dict[str, Vertex]
    edges: tuple[Edge, ...] = ()
    stages: dict[str, Stage] = {}

    def on(self, basis: Basis) -> list[Edge]:
        """The distinct edges of a basis, between known vertices; those made by API belong to each."""
        wanted, known = _ORIGINS[basis], self.vertices
        distinct = {
            (edge.blocker, edge.blocked): edge
            for edge in reversed(self.edges)
            if edge.origin in wanted and edge.blocker in known and edge.blocked in known
        }
        return [edge for edge in reversed(distinct.values()) if edge.blocker != edge.blocked]


def graph_of(content: Content) -> Graph:
    """Links, prose edges and drawn edges of a plan as one graph."""
    vertices = {
        task.ref: Vertex(
            key=task.ref,
            title=task.title,
            number=task.number,
            state=task.state,
            kind=task.kind,
            priority=task.priority,
            phase=task.phase,
            parent=task.parent,
            effort_min=task.effort_min or 0,
            effort_max=task.effort_max or task.effort_min or 0,
        )
        for task in content.tasks
    }
    vertices |= {
        node.ref: Vertex(key=node.ref, title=node.label, kind="milestone", drawn_only=True)
        for node in content.nodes
        if node.task is None
    }
    edges = [Edge(link.blocker, link.blocked, link.origin) for link in links_of(content)]
    return Graph(vertices=vertices, edges=tuple(edges), stages=stages_of(content.phases))


def links_of(content: Content) -> list[Link]:
    """Every dependency that the content states, in one direction: blocker before blocked, each once."""
    links = list(content.links)
    for prose in content.prose:
        if prose.resolution == "resolved" and prose.target:
            pair = (prose.target, prose.task) if prose.side == "dependencies" else (prose.task, prose.target)
            links.append(Link(blocker=pair[0], blocked=pair[1], origin="prose"))
    ends = {node.mermaid_id: node.task or node.ref for node in content.nodes}
    for arrow in content.arrows:
        blocker, blocked = ends.get(arrow.source), ends.get(arrow.target)
        if blocker and blocked and blocker != blocked:
            links.append(Link(blocker=blocker, blocked=blocked, origin="graph"))
    return list({(link.blocker, link.blocked, link.origin): link for link in links}.values())


def stages_of(phases: tuple[Phase, ...]) -> dict[str, Stage]:
    """`After Phase 1 completion` waits for that phase; a phase with no date and not begun, for all before it."""
    ordered = sorted(phases, key=lambda phase: phase.ordinal)
    names = {phase.name.lower(): phase.ref for phase in ordered}
    stages: dict[str, Stage] = {}
    for position, phase in enumerate(ordered):
        named = PHASE.search(phase.start_text or "") if _AFTER.search(phase.start_text or "") else None
        before = names.get(f"{named[1]} {named[2]}".lower()) if named else None
        if before and before != phase.ref:
            after: tuple[str, ...] = (before,)
        elif phase.state == "pending" and phase.start_on is None:
            after = tuple(earlier.ref for earlier in ordered[:position])
        else:
            after = ()
        stages[phase.ref] = Stage(key=phase.ref, name=phase.name, state=phase.state, after=after)
    return stages


def complete_stages(graph: Graph) -> frozenset[str]:
    """Phases that are stated complete, or all of whose tasks are closed or put off."""
    open_tasks: dict[str, int] = defaultdict(int)
    tasks: dict[str, int] = defaultdict(int)
    for vertex in graph.vertices.values():
        if vertex.phase and not vertex.drawn_only and vertex.kind != "epic":
            tasks[vertex.phase] += 1
            open_tasks[vertex.phase] += vertex.state not in CLOSED and vertex.state != "deferred"
    return frozenset(
        key
        for key, stage in graph.stages.items()
        if stage.state == "completed" or (tasks[key] > 0 and open_tasks[key] == 0)
    )
