"""The graph drawn: Mermaid, DOT and plain data."""

import msgspec

from bedplate.domains.plans.document.analysis.graph import Basis, Graph, Vertex

_COLOURS = {
    "completed": "#c8e6c9",
    "in_progress": "#bbdefb",
    "in_review": "#d1c4e9",
    "deferred": "#eeeeee",
    "cancelled": "#eeeeee",
    "pending": "#fff9c4",
}
_DOT_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": " ", "\r": " "})
_MERMAID_ESCAPES = str.maketrans({'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "\n": " ", "\r": " "})


class DrawnVertex(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    key: str
    label: str
    number: str | None
    state: str
    kind: str
    drawn_only: bool


class DrawnEdge(msgspec.Struct, frozen=True, kw_only=True):
    blocker: str
    blocked: str
    origins: tuple[str, ...]


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON shape; edges name vertex keys, and each says which sources state it."""

    nodes: tuple[DrawnVertex, ...]
    edges: tuple[DrawnEdge, ...]


def drawing(graph: Graph, *, basis: Basis = "both") -> Drawing:
    origins: dict[tuple[str, str], list[str]] = {(e.blocker, e.blocked): [] for e in graph.on(basis)}
    for edge in graph.edges:
        if (edge.blocker, edge.blocked) in origins and (basis == "both" or edge.origin in {basis, "api"}):
            origins[edge.blocker, edge.blocked].append(edge.origin)
    nodes = (_drawn(position, vertex) for position, vertex in enumerate(graph.vertices.values(), 1))
    return Drawing(
        nodes=tuple(nodes),
        edges=tuple(
            DrawnEdge(blocker=blocker, blocked=blocked, origins=tuple(dict.fromkeys(stated)))
            for (blocker, blocked), stated in origins.items()
        ),
    )


def mermaid(graph: Graph, *, basis: Basis = "both") -> str:
    """A flowchart, an arrow from each blocker to what it blocks; a stated but undrawn edge is dotted."""
    drawn = drawing(graph, basis=basis)
    ids = {node.key: node.id for node in drawn.nodes}
    lines = ["graph TD"]
    lines += [f'    {node.id}["{node.label.translate(_MERMAID_ESCAPES)}"]' for node in drawn.nodes]
    for edge in drawn.edges:
        arrow = "-.->" if edge.origins == ("prose",) else "-->"
        lines.append(f"    {ids[edge.blocker]} {arrow} {ids[edge.blocked]}")
    for state in dict.fromkeys(node.state for node in drawn.nodes):
        members = ",".join(node.id for node in drawn.nodes if node.state == state)
        lines += [f"    classDef {state} fill:{_COLOURS[state]}", f"    class {members} {state}"]
    return "\n".join(lines) + "\n"


def dot(graph: Graph, *, basis: Basis = "both") -> str:
    """Graphviz DOT, left to right."""
    drawn = drawing(graph, basis=basis)
    ids = {node.key: node.id for node in drawn.nodes}
    lines = ["digraph plan {", "  rankdir=LR;", "  node [shape=box, style=filled];"]
    for node in drawn.nodes:
        shape = ", shape=ellipse" if node.drawn_only else ""
        label = node.label.translate(_DOT_ESCAPES)
        lines.append(f'  {node.id} [label="{label}", fillcolor="{_COLOURS[node.state]}"{shape}];')
    for edge in drawn.edges:
        style = " [style=dashed]" if edge.origins == ("prose",) else ""
        lines.append(f"  {ids[edge.blocker]} -> {ids[edge.blocked]}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def _drawn(position: int, vertex: Vertex) -> DrawnVertex:
    return DrawnVertex(
        id=f"n{position}",
        key=vertex.key,
        label=vertex.label,
        number=vertex.number,
        state=vertex.state,
        kind=vertex.kind,
        drawn_only=vertex.drawn_only,
    )
