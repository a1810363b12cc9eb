"""The graph in the form that the client asks for, by suffix or by Accept (RFC 9110 section 12.5.1)."""

from typing import Literal

from bedplate.domains.plans.document.analysis.drawing import dot, drawing, mermaid
from bedplate.domains.plans.document.analysis.graph import Basis
from bedplate.domains.plans.errors import UnknownFormat
from bedplate.domains.plans.insight.schemas import GraphEdge, GraphVertex, GraphView
from bedplate.domains.plans.insight.service import PlanGraph
from bedplate.domains.plans.insight.svg import svg

type Form = Literal["json", "mermaid", "dot", "svg"]

SUFFIXES: dict[str, Form] = {
    "json": "json", "mmd": "mermaid", "mermaid": "mermaid", "dot": "dot", "gv": "dot", "svg": "svg",
}  # fmt: skip
MEDIA_TYPES: dict[str, Form] = {
    "application/json": "json",
    "text/vnd.mermaid": "mermaid",
    "text/x-mermaid": "mermaid",
    "text/plain": "mermaid",
    "text/vnd.graphviz": "dot",
    "image/svg+xml": "svg",
    "application/*": "json",
    "text/*": "mermaid",
    "image/*": "svg",
    "*/*": "json",
}
ANSWERED: dict[Form, str] = {
    "json": "application/json",
    "mermaid": "text/vnd.mermaid",
    "dot": "text/vnd.graphviz",
    "svg": "image/svg+xml",
}


def form_of(path: str, accept: str) -> Form:
    """The form asked for; a suffix of the path goes before Accept.

    Raises:
        UnknownFormat: none that is accepted can be had.
    """
    suffix = path.rstrip("/").rsplit("/", 1)[-1].partition(".")[2]
    if suffix:
        return SUFFIXES[suffix]
    for media_type in _by_preference(accept or "*/*"):
        if media_type in MEDIA_TYPES:
            return MEDIA_TYPES[media_type]
    offered = ", ".join(sorted(name for name in MEDIA_TYPES if "*" not in name))
    raise UnknownFormat(f"Accept one of {offered}")


def picture(plan: PlanGraph, form: Literal["mermaid", "dot", "svg"], basis: Basis) -> str:
    """The graph drawn."""
    if form == "mermaid":
        return mermaid(plan.graph, basis=basis)
    return dot(plan.graph, basis=basis) if form == "dot" else svg(drawing(plan.graph, basis=basis))


def graph_view(plan: PlanGraph, basis: Basis) -> GraphView:
    """The graph as data."""
    drawn = drawing(plan.graph, basis=basis)
    return GraphView(
        [
            GraphVertex(
                key=node.key,
                id=None if node.drawn_only else plan.ids.get(node.key),
                label=node.label,
                number=node.number,
                state=node.state,
                kind=node.kind,
                drawn_only=node.drawn_only,
            )
            for node in drawn.nodes
        ],
        [GraphEdge(edge.blocker, edge.blocked, list(edge.origins)) for edge in drawn.edges],
    )


def _by_preference(accept: str) -> list[str]:
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",")):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        weighed.append((-_weight(quality), place, name.lower()))
    return [name for weight, _, name in sorted(weighed) if weight < 0]


def _weight(quality: str) -> float:
    try:
        return min(max(float(quality), 0.0), 1.0)
    except ValueError:
        return 0.0
