"""Cycles and longest chains. Nothing here recurses, so a chain of any length is safe."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from bedplate.domains.plans.document.analysis.graph import Basis, Edge, Graph
from bedplate.domains.plans.document.errors import GraphCycle
from bedplate.domains.plans.document.words import CLOSED


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """Open tasks in the order they must be done; minutes. `vertices` also has the nodes that are only drawn."""

    tasks: tuple[str, ...] = ()
    vertices: tuple[str, ...] = ()
    effort_min: int = 0
    effort_max: int = 0


class CriticalPath(msgspec.Struct, frozen=True, kw_only=True):
    """The longest chain if everything takes long, and if everything goes well; they may differ."""

    by_max: Chain
    by_min: Chain


def find_cycle(edges: Iterable[tuple[str, str]]) -> tuple[str, ...] | None:
    """The first cycle of (blocker, blocked) pairs as a path that ends where it began; None without one."""
    after = _successors(edges)
    done: set[str] = set()
    for start in list(after):
        if start in done:
            continue
        path, on_path, stack = [start], {start: 0}, [iter(after[start])]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
                last = path.pop()
                done.add(last)
                del on_path[last]
            elif following in on_path:
                return (*path[on_path[following] :], following)
            elif following not in done:
                on_path[following] = len(path)
                path.append(following)
                stack.append(iter(after.get(following, ())))
    return None


def critical_path(graph: Graph, *, basis: Basis = "both", target: str | None = None) -> CriticalPath:
    """The longest chain of open tasks, or of those up to `target`. Raises GraphCycle.

    A closed task takes no more time; a drawn node none at all.
    """
    order = topological(graph, basis=basis)
    return CriticalPath(
        by_max=_longest(graph, order, basis, target, most=True),
        by_min=_longest(graph, order, basis, target, most=False),
    )


def topological(graph: Graph, *, basis: Basis = "both") -> list[str]:
    """Vertices with every blocker before what it blocks. Raises GraphCycle."""
    edges = graph.on(basis)
    after = _successors((edge.blocker, edge.blocked) for edge in edges)
    waiting: dict[str, int] = defaultdict(int)
    for edge in edges:
        waiting[edge.blocked] += 1
    order = [key for key in graph.vertices if not waiting[key]]
    for key in order:
        for following in after.get(key, ()):
            waiting[following] -= 1
            if not waiting[following]:
                order.append(following)
    if len(order) < len(graph.vertices):
        cycle = find_cycle((edge.blocker, edge.blocked) for edge in edges)
        raise GraphCycle(cycle or ())
    return order


def reaches(edges: Iterable[Edge], starts: Iterable[str]) -> set[str]:
    """Everything that stands after the starts, themselves included."""
    after = _successors((edge.blocker, edge.blocked) for edge in edges)
    seen, pending = set(starts), list(starts)
    while pending:
        for following in after.get(pending.pop(), ()):
            if following not in seen:
                seen.add(following)
                pending.append(following)
    return seen


def _longest(graph: Graph, order: list[str], basis: Basis, target: str | None, *, most: bool) -> Chain:
    weights = {key: _weight(graph, key, most=most) for key in order}
    best = dict(weights)
    before: dict[str, str] = {}
    incoming: dict[str, list[str]] = defaultdict(list)
    for edge in graph.on(basis):
        incoming[edge.blocked].append(edge.blocker)
    for key in order:
        for blocker in incoming.get(key, ()):
            length = tuple(a + b for a, b in zip(best[blocker], weights[key], strict=True))
            if key not in before or length > best[key]:
                best[key], before[key] = (length[0], length[1], length[2]), blocker
    if not best or (target is not None and target not in best):
        return Chain()
    last: str | None = target or max(best, key=lambda key: best[key])
    return _chain(graph, before, last)


def _weight(graph: Graph, key: str, *, most: bool) -> tuple[int, int, int]:
    """The measure asked for, then the other one, then the number of open tasks."""
    vertex = graph.vertices[key]
    if vertex.drawn_only or vertex.state in CLOSED:
        return 0, 0, 0
    low, high = vertex.effort_min, vertex.effort_max
    return (high, low, 1) if most else (low, high, 1)


def _chain(graph: Graph, before: dict[str, str], last: str | None) -> Chain:
    keys: list[str] = []
    while last is not None:
        keys.append(last)
        last = before.get(last)
    keys.reverse()
    weights = [_weight(graph, key, most=True) for key in keys]
    return Chain(
        tasks=tuple(key for key, weight in zip(keys, weights, strict=True) if weight[2]),
        vertices=tuple(keys),
        effort_min=sum(weight[1] for weight in weights),
        effort_max=sum(weight[0] for weight in weights),
    )


def _successors(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    after: dict[str, list[str]] = defaultdict(list)
    for blocker, blocked in pairs:
        after[blocker].append(blocked)
    return after
