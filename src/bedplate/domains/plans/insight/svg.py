"""The graph as a picture: layers from left to right by the longest way to each vertex."""

from collections import defaultdict
from html import escape

from bedplate.domains.plans.document.analysis.drawing import Drawing, DrawnVertex

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 220, 44, 60, 18, 16
MOST_CHARACTERS = 30
FILLS = {
    "completed": "#c8e6c9",
    "in_progress": "#bbdefb",
    "in_review": "#d1c4e9",
    "deferred": "#eeeeee",
    "cancelled": "#eeeeee",
    "pending": "#fff9c4",
}
ARROW = (
    '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path d="M0 0 8 4 0 8z" fill="#455a64"/></marker></defs>'
)


def svg(drawn: Drawing) -> str:
    """A standalone SVG document; an edge that only the text states is dashed."""
    places = _places(drawn)
    right = max((x for x, _ in places.values()), default=0) + WIDTH + MARGIN
    bottom = max((y for _, y in places.values()), default=0) + HEIGHT + MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {bottom}" font-size="12">',
        ARROW,
    ]
    for edge in drawn.edges:
        (x1, y1), (x2, y2) = places[edge.blocker], places[edge.blocked]
        dashes = ' stroke-dasharray="4 3"' if edge.origins == ("prose",) else ""
        start, end, middle = x1 + WIDTH, x2, (x1 + WIDTH + x2) // 2
        a, b = y1 + HEIGHT // 2, y2 + HEIGHT // 2
        lines.append(
            f'<path d="M{start} {a} C{middle} {a} {middle} {b} {end} {b}" fill="none" stroke="#455a64" '
            f'marker-end="url(#end)"{dashes}/>'
        )
    lines += [_box(node, *places[node.key]) for node in drawn.nodes]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _box(node: DrawnVertex, x: int, y: int) -> str:
    label = node.label if len(node.label) <= MOST_CHARACTERS else node.label[: MOST_CHARACTERS - 1] + "…"
    corner = HEIGHT // 2 if node.drawn_only else 4
    fill = FILLS.get(node.state, "#ffffff")
    return (
        f"<g><title>{escape(_printable(node.label))} ({node.state})</title>"
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="{corner}" fill="{fill}" stroke="#455a64"/>'
        f'<text x="{x + 10}" y="{y + HEIGHT // 2 + 4}">{escape(_printable(label))}</text></g>'
    )


def _places(drawn: Drawing) -> dict[str, tuple[int, int]]:
    """A vertex stands one layer behind the last of its blockers; those on a cycle stay where they were met."""
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for edge in drawn.edges:
        before[edge.blocked].append(edge.blocker)
        after[edge.blocker].append(edge.blocked)
    waiting = {node.key: len(before[node.key]) for node in drawn.nodes}
    layer = {node.key: 0 for node in drawn.nodes}
    order = [key for key, count in waiting.items() if not count]
    for key in order:
        for following in after[key]:
            layer[following] = max(layer[following], layer[key] + 1)
            waiting[following] -= 1
            if not waiting[following]:
                order.append(following)
    rows: dict[int, int] = defaultdict(int)
    places: dict[str, tuple[int, int]] = {}
    for node in drawn.nodes:
        column = layer[node.key]
        places[node.key] = (
            MARGIN + column * (WIDTH + GAP_X),
            MARGIN + rows[column] * (HEIGHT + GAP_Y),
        )
        rows[column] += 1
    return places


def _printable(text: str) -> str:
    """XML 1.0 has no place for control characters."""
    return "".join(max(character, " ") for character in text)
