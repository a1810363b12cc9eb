"""Which tasks can be worked on now, and why each other one cannot."""

from collections import defaultdict
from typing import Literal

import msgspec

from bedplate.domains.plans.document.analysis.graph import Basis, Graph, Vertex, complete_stages
from bedplate.domains.plans.document.words import CLOSED

type ReasonKind = Literal["state", "kind", "dependency", "phase"]

_STATE_REASONS = {
    "in_progress": "it is being worked on",
    "in_review": "it is in review",
    "completed": "it is completed",
    "deferred": "it is deferred",
    "cancelled": "it is cancelled",
}


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """`waits_for` is the key of a task or phase, when the reason is one."""

    kind: ReasonKind
    message: str
    waits_for: str | None = None


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """`waiting` is filled only when asked to explain: every task that is not ready, with its reasons."""

    ready: tuple[str, ...]
    waiting: dict[str, tuple[Reason, ...]] = {}


def ready(graph: Graph, *, basis: Basis = "both", explain: bool = False) -> Readiness:
    """Pending leaf tasks whose blockers are closed and whose phase may have started; document order.

    A drawn node that is no task passes on what stands before it: it is open while one of its own blockers is.
    """
    view = _View(graph, basis)
    keys: list[str] = []
    waiting: dict[str, tuple[Reason, ...]] = {}
    for key, vertex in graph.vertices.items():
        if vertex.drawn_only:
            continue
        reasons = view.reasons(vertex)
        if not reasons:
            keys.append(key)
        elif explain:
            waiting[key] = tuple(reasons)
    return Readiness(ready=tuple(keys), waiting=waiting)


def blocked(graph: Graph, *, basis: Basis = "both") -> dict[str, tuple[str, ...]]:
    """Open tasks that wait for another task, with the keys of their open blockers."""
    view = _View(graph, basis)
    found: dict[str, tuple[str, ...]] = {}
    for key, vertex in graph.vertices.items():
        open_task = not vertex.drawn_only and vertex.state not in CLOSED and vertex.state != "deferred"
        if open_task and (blockers := view.open_blockers(key)):
            found[key] = tuple(blockers)
    return found


class _View:
    def __init__(self, graph: Graph, basis: Basis) -> None:
        self.graph = graph
        self.parents = {v.parent for v in graph.vertices.values() if v.parent}
        self.complete = complete_stages(graph)
        self.blockers: dict[str, list[str]] = defaultdict(list)
        for edge in graph.on(basis):
            self.blockers[edge.blocked].append(edge.blocker)

    def reasons(self, vertex: Vertex) -> list[Reason]:
        found: list[Reason] = []
        if vertex.state in _STATE_REASONS:
            found.append(Reason(kind="state", message=_STATE_REASONS[vertex.state]))
        if vertex.key in self.parents or vertex.kind != "task":
            kind = "epic" if vertex.key in self.parents else vertex.kind
            found.append(Reason(kind="kind", message=f"it is of kind {kind}, not a task to be worked on"))
        if vertex.state in CLOSED:
            return found
        for key in self.open_blockers(vertex.key):
            label = self.graph.vertices[key].label
            found.append(Reason(kind="dependency", message=f"it waits for “{label}”", waits_for=key))
        stage = self.graph.stages.get(vertex.phase or "")
        for key in stage.after if stage else ():
            if key in self.graph.stages and key not in self.complete:
                name = self.graph.stages[key].name
                found.append(
                    Reason(
                        kind="phase", message=f"its phase starts after {name}, which is open", waits_for=key
                    )
                )
        return found

    def open_blockers(self, key: str) -> list[str]:
        """Open tasks before this one, looking through nodes that are only drawn."""
        found: dict[str, None] = {}
        seen = {key}
        pending = list(reversed(self.blockers.get(key, [])))
        while pending:
            blocker = pending.pop()
            if blocker in seen:
                continue
            seen.add(blocker)
            vertex = self.graph.vertices[blocker]
            if vertex.drawn_only:
                pending.extend(reversed(self.blockers.get(blocker, [])))
            elif vertex.state not in CLOSED:
                found[blocker] = None
        return list(found)
