"""The nodes and arrows of a Mermaid flowchart, as far as dependencies need them."""

import re
from dataclasses import dataclass

_START = re.compile(r"\s*(?:graph|flowchart)\b", re.IGNORECASE)
_SKIPPED = re.compile(
    r"\s*(?:%%|subgraph\b|end\b|classDef\b|class\b|style\b|linkStyle\b|click\b|direction\b)"
)
_NODE_ID = re.compile(r"\s*(\w{1,64}(?:[-.](?=\w)\w{1,64})*)")
_ARROW = re.compile(
    r"\s*(?:--|==|-\.)\s+[^-=.>|]{1,200}\s+(?:-{2,}>?|={2,}>?|\.+->?)"
    r"|\s*<?(?:-{2,}|={2,}|-\.+-)[>xo]?(?:\s*\|[^|]*\|)?"
)
_CLASS = re.compile(r":::\w+")
_CLOSING = {"[": "]", "(": ")", "{": "}", ">": "]"}
MOST_LINKS_A_LINE = 400


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """`line` counts from the fence's first content line; columns are those of the label."""

    id: str
    label: str
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DrawnArrow:
    source: str
    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Flowchart:
    nodes: list[DrawnNode]
    arrows: list[DrawnArrow]


def read_flowchart(lines: list[str]) -> Flowchart | None:
    """None when the diagram is of another type. A node's label is the first that it is given."""
    if not any(_START.match(line) for line in lines[:10]):
        return None
    nodes: dict[str, DrawnNode] = {}
    arrows: dict[tuple[str, str], DrawnArrow] = {}
    for number, line in enumerate(lines):
        if _START.match(line) or _SKIPPED.match(line):
            continue
        _read_line(line, number, nodes, arrows)
    return Flowchart(list(nodes.values()), list(arrows.values()))


def _read_line(
    line: str, number: int, nodes: dict[str, DrawnNode], arrows: dict[tuple[str, str], DrawnArrow]
) -> None:
    position, before, links = 0, list[str](), 0
    while position < len(line) and links < MOST_LINKS_A_LINE:
        group, position = _read_group(line, position, number, nodes)
        if not group:
            break
        for source in before:
            for target in group:
                links += 1
                arrows.setdefault((source, target), DrawnArrow(source, target, number))
        arrow = _ARROW.match(line, position)
        before, position = (group, arrow.end()) if arrow else ([], _after_semicolon(line, position))


def _read_group(line: str, position: int, number: int, nodes: dict[str, DrawnNode]) -> tuple[list[str], int]:
    """Nodes joined by `&`; the list is empty where no node stands."""
    group: list[str] = []
    while found := _NODE_ID.match(line, position):
        start, end, position = _label(line, found.end())
        node = DrawnNode(found[1], line[start:end] or found[1], number, start, end)
        if end > start or found[1] not in nodes:
            nodes[found[1]] = _first_label(nodes.get(found[1]), node)
        group.append(found[1])
        joined = line[position:].lstrip()
        if not joined.startswith("&") or len(group) >= MOST_LINKS_A_LINE:
            break
        position = line.index("&", position) + 1
    return group, position


def _first_label(known: DrawnNode | None, node: DrawnNode) -> DrawnNode:
    return node if known is None or known.start == known.end else known


def _label(line: str, position: int) -> tuple[int, int, int]:
    """Columns of the label's text without brackets and quotes, and where the node ends."""
    opening = line[position : position + 1]
    if opening not in _CLOSING or not opening or line.startswith(">", position) is (opening != ">"):
        return position, position, position
    start = position
    while start < len(line) and line[start] in "[({>/\\" and start - position < 3:  # noqa: PLR2004 - (((x)))
        start += 1
    quoted = line[start : start + 1] == '"'
    if quoted:
        start += 1
        close = line.find('"', start)
    else:
        close = line.find(_CLOSING.get(line[start - 1], "]"), start)
    if close < 0:
        return position, position, position
    end = close + quoted
    while end < len(line) and line[end] in "])}/\\":
        end += 1
    if styled := _CLASS.match(line, end):
        end = styled.end()
    return start, len(line[:close].rstrip("/\\ ")) if not quoted else close, end


def _after_semicolon(line: str, position: int) -> int:
    found = line.find(";", position)
    return len(line) if found < 0 else found + 1
