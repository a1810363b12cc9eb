"""What follows from a plan's rows: ready, blocked, paths, the graph. Derived at every look, never stored."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from bedplate.domains.plans.document.analysis.graph import Basis, Graph, Vertex, graph_of
from bedplate.domains.plans.document.analysis.paths import Chain, critical_path, reaches
from bedplate.domains.plans.document.analysis.readiness import Reason, blocked, ready
from bedplate.domains.plans.document.errors import GraphCycle
from bedplate.domains.plans.document.words import CLOSED
from bedplate.domains.plans.errors import GraphHasCycle
from bedplate.domains.plans.insight.schemas import (
    BlockedTask,
    ChainTask,
    ChainView,
    CriticalPathView,
    Impact,
    ReadyTasks,
    ReasonView,
    WaitingTask,
)
from bedplate.domains.plans.revisions.content import GRAPH, Loaded
from bedplate.domains.plans.tasks.reads import tasks_by_id
from bedplate.platform.db import ReadPool


class PlanGraph:
    """A plan's dependency graph, and the ids of its vertices."""

    def __init__(self, loaded: Loaded) -> None:
        self.graph: Graph = graph_of(loaded.content)
        self.content = loaded.content
        self.ids = loaded.ids

    def task_ids(self, refs: Iterable[str]) -> list[UUID]:
        """The tasks among some vertices."""
        return [self.ids[ref] for ref in refs if not self.graph.vertices[ref].drawn_only]


async def plan_graph(reads: ReadPool, plan_id: UUID) -> PlanGraph:
    """Read the graph of a plan that the caller may see."""
    return PlanGraph(await GRAPH.read(reads, plan_id))


async def ready_tasks(reads: ReadPool, plan_id: UUID, basis: Basis, *, explain: bool) -> ReadyTasks:
    """Pending leaf tasks whose blockers are closed and whose phase may have started."""
    plan = await plan_graph(reads, plan_id)
    found = ready(plan.graph, basis=basis, explain=explain)
    ids = plan.task_ids(found.ready)
    tasks = await tasks_by_id(reads, ids)
    answer = ReadyTasks([tasks[task_id] for task_id in ids if task_id in tasks])
    if explain:
        answer.waiting = [
            _waiting(plan, plan.graph.vertices[ref], reasons) for ref, reasons in found.waiting.items()
        ]
    return answer


async def blocked_tasks(reads: ReadPool, plan_id: UUID, basis: Basis) -> list[BlockedTask]:
    """Open tasks that wait for another task."""
    plan = await plan_graph(reads, plan_id)
    found = blocked(plan.graph, basis=basis)
    tasks = await tasks_by_id(reads, plan.task_ids(found))
    return [
        BlockedTask(**msgspec.structs.asdict(task), blocked_by=tuple(plan.task_ids(blockers)))
        for ref, blockers in found.items()
        if (task := tasks.get(plan.ids[ref])) is not None
    ]


async def longest_chains(
    reads: ReadPool, plan_id: UUID, basis: Basis, target: UUID | None
) -> CriticalPathView:
    """The critical path, or the longest way to one task.

    Raises:
        GraphHasCycle: the document states a cycle.
    """
    plan = await plan_graph(reads, plan_id)
    goal = next((ref for ref, row_id in plan.ids.items() if row_id == target), None)
    try:
        path = critical_path(plan.graph, basis=basis, target=goal)
    except GraphCycle as cycle:
        labels = [plan.graph.vertices[ref].label for ref in cycle.path]
        raise GraphHasCycle(" → ".join(labels), extra={"labels": labels}) from cycle
    return CriticalPathView(_chain(plan, path.by_max), _chain(plan, path.by_min))


async def impact_of(reads: ReadPool, plan_id: UUID, task_id: UUID) -> Impact:
    """What waits for a task, and how much work that is."""
    plan = await plan_graph(reads, plan_id)
    ref = next(ref for ref, row_id in plan.ids.items() if row_id == task_id)
    waiting = blocked(plan.graph)
    after = reaches(plan.graph.on("both"), [ref]) - {ref}
    open_after = [v for k, v in plan.graph.vertices.items() if k in after and _is_open(v)]
    freed = [vertex for vertex in open_after if set(waiting.get(vertex.key, ())) == {ref}]
    return Impact(
        unblocks=_chain_tasks(plan, (vertex.key for vertex in freed)),
        downstream=_chain_tasks(plan, (vertex.key for vertex in open_after)),
        effort_min=sum(vertex.effort_min for vertex in open_after),
        effort_max=sum(vertex.effort_max for vertex in open_after),
    )


def _is_open(vertex: Vertex) -> bool:
    return not vertex.drawn_only and vertex.state not in CLOSED


def _waiting(plan: PlanGraph, vertex: Vertex, reasons: Sequence[Reason]) -> WaitingTask:
    return WaitingTask(
        id=plan.ids[vertex.key],
        number=vertex.number,
        title=vertex.title,
        kind=vertex.kind,
        state=vertex.state,
        priority=vertex.priority,
        reasons=[
            ReasonView(reason.kind, reason.message, plan.ids.get(reason.waits_for or ""))
            for reason in reasons
        ],
    )


def _chain(plan: PlanGraph, chain: Chain) -> ChainView:
    return ChainView(_chain_tasks(plan, chain.tasks), chain.effort_min, chain.effort_max)


def _chain_tasks(plan: PlanGraph, refs: Iterable[str]) -> list[ChainTask]:
    tasks = {task.ref: task for task in plan.content.tasks}
    return [
        ChainTask(plan.ids[ref], task.number, task.title, task.state, task.effort_min, task.effort_max)
        for ref in refs
        if (task := tasks.get(ref)) is not None
    ]
