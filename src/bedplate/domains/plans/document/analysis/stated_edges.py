"""What `**Dependencies**` and `**Blocking**` lines say against the drawn graph, both ways: rule 5."""

import re
from collections import defaultdict
from collections.abc import Iterator

from bedplate.domains.plans.document.analysis.finding import Finding, finding
from bedplate.domains.plans.document.analysis.graph import Edge, graph_of, links_of
from bedplate.domains.plans.document.analysis.paths import reaches, topological
from bedplate.domains.plans.document.entities import Content, Link, Node, Prose, Side, Task
from bedplate.domains.plans.document.errors import GraphCycle
from bedplate.domains.plans.document.matching import COVERAGE, coverage, tokens
from bedplate.domains.plans.document.words import CLOSED

_END = re.compile(r"\b(?:complete|completed|done|finished?|end|release[ds]?|launch|shipped)\b", re.IGNORECASE)


def edge_findings(content: Content) -> Iterator[Finding]:
    view = _View(content)
    for blocker, blocked in dict.fromkeys((link.blocker, link.blocked) for link in view.links):
        yield from _dependencies(view, blocker, blocked)
        yield from _blocking(view, blocker, blocked)
        yield from _graph(view, blocker, blocked)
    yield from _unclear(content)
    yield from _dead_ends(view)
    yield from _cycle(content)


class _View:
    def __init__(self, content: Content) -> None:
        self.content = content
        self.tasks: dict[str, Task] = {task.ref: task for task in content.tasks}
        self.links: list[Link] = links_of(content)
        self.drawn = {(link.blocker, link.blocked) for link in self.links if link.origin == "graph"}
        self.labels: dict[str, list[str]] = defaultdict(list)
        for node in content.nodes:
            self.labels[node.task or node.ref].append(node.label)
        self.prose: dict[tuple[str, Side], list[Prose]] = defaultdict(list)
        for prose in content.prose:
            self.prose[prose.task, prose.side].append(prose)

    def mentions(self, task: str, side: Side, other: str) -> bool:
        """Whether a stated line names the other end, by its task's title or by its drawn label."""
        names = [*self.labels.get(other, [])]
        if other in self.tasks:
            names.append(self.tasks[other].title)
        return any(self._speaks_of(prose, other, names) for prose in self.prose[task, side])

    def _speaks_of(self, prose: Prose, other: str, names: list[str]) -> bool:
        if prose.resolution == "wildcard" or prose.target == other:
            return True
        if prose.resolution in {"none", "resolved"}:
            return False
        said = tokens(prose.raw)
        return any(
            coverage(said, tokens(name)) >= COVERAGE or coverage(tokens(name), said) >= COVERAGE
            for name in names
        )

    def name(self, ref: str) -> str:
        task = self.tasks.get(ref)
        if task:
            return f"task {task.number}" if task.number else f"“{task.title}”"
        return f"“{self.labels[ref][0]}”" if self.labels.get(ref) else ref


def _dependencies(view: _View, blocker: str, blocked: str) -> Iterator[Finding]:
    task, lines = view.tasks.get(blocked), view.prose.get((blocked, "dependencies"))
    if task and lines and task.state not in CLOSED and not view.mentions(blocked, "dependencies", blocker):
        yield finding(
            "dependencies.omit", blocked, lines[0].line,
            f"{view.name(blocked)} states its dependencies as “{_said(lines)}”, and {view.name(blocker)} comes before it",
        )  # fmt: skip


def _blocking(view: _View, blocker: str, blocked: str) -> Iterator[Finding]:
    task, lines = view.tasks.get(blocker), view.prose.get((blocker, "blocking"))
    if task and lines and task.state not in CLOSED and not view.mentions(blocker, "blocking", blocked):
        yield finding(
            "blocking.omit", blocker, lines[0].line,
            f"{view.name(blocker)} states that it blocks “{_said(lines)}”, which leaves out {view.name(blocked)}",
        )  # fmt: skip


def _graph(view: _View, blocker: str, blocked: str) -> Iterator[Finding]:
    both_drawn = view.labels.get(blocker) and view.labels.get(blocked)
    if both_drawn and (blocker, blocked) not in view.drawn:
        line = view.tasks[blocked].line if blocked in view.tasks else 0
        yield finding(
            "graph.omits", blocked, line,
            f"{view.name(blocked)} is said to wait for {view.name(blocker)}, and the graph has no such arrow",
        )  # fmt: skip


def _unclear(content: Content) -> Iterator[Finding]:
    for prose in content.prose:
        if prose.side == "dependencies" and prose.resolution in {"ambiguous", "unresolved"}:
            fits = "more than one task" if prose.resolution == "ambiguous" else "no task"
            yield finding(
                "dependencies.unclear", prose.task, prose.line, f"the dependency “{prose.raw}” fits {fits}"
            )


def _dead_ends(view: _View) -> Iterator[Finding]:
    """Drawn nodes from which no arrow leads on, though the graph has a named end that they should reach."""
    nodes: dict[str, Node] = {node.task or node.ref: node for node in view.content.nodes}
    ends = [ref for ref, node in nodes.items() if node.task is None and _END.search(node.label)]
    if not ends:
        return
    edges = [Edge(blocker, blocked) for blocker, blocked in view.drawn]
    backwards = [Edge(edge.blocked, edge.blocker) for edge in edges]
    fine = reaches(edges, ends) | reaches(backwards, ends)
    leading_on = {edge.blocker for edge in edges}
    for ref, node in nodes.items():
        if ref not in fine and ref not in leading_on:
            goals = ", ".join(f"{nodes[end].mermaid_id} “{nodes[end].label}”" for end in ends[:3])
            yield finding(
                "graph.dead-end",
                node.ref,
                node.line,
                f"{node.mermaid_id} “{node.label}” never reaches {goals}",
            )


def _cycle(content: Content) -> Iterator[Finding]:
    graph = graph_of(content)
    try:
        topological(graph)
    except GraphCycle as cycle:
        path = " → ".join(graph.vertices[key].label for key in cycle.path[:20])
        first = next((task for task in content.tasks if task.ref in cycle.path), None)
        line = first.line if first else 0
        yield finding("graph.cycle", cycle.path[0], line, f"the dependencies form a cycle: {path}")


def _said(lines: list[Prose]) -> str:
    return ", ".join(prose.raw for prose in lines[:5])
