"""How each entity of a document is kept as a row, both ways: fields of the same name, and links by id."""

from typing import NamedTuple

from bedplate.domains.plans.dependencies.models import DependencyText, GraphArrow, GraphNode
from bedplate.domains.plans.document import entities
from bedplate.domains.plans.models import StatedRow
from bedplate.domains.plans.phases.models import Phase
from bedplate.domains.plans.records.models import Criterion, Decision, Lesson, Risk, StatedFact
from bedplate.domains.plans.tasks.models import ChecklistItem, Deferral, Task


class Shape(NamedTuple):
    """`group` is the entities' place in a `Content`.

    `links` maps a field that holds a ref to the kind it names (its column ends in `_id`), the ones in
    `needed` are never null. `followed` are columns that only the document says: a new revision replaces them.
    """

    group: str
    entity: type[entities.Entity]
    row: type[StatedRow]
    fields: tuple[str, ...]
    links: dict[str, type[StatedRow]]
    needed: frozenset[str] = frozenset()
    followed: tuple[str, ...] = ()


_OF_TASK = frozenset({"task"})
SHAPES: tuple[Shape, ...] = (
    Shape(
        "phases", entities.Phase, Phase,
        ("ordinal", "name", "subtitle", "state", "start_on", "start_text", "target_on", "target_text"),
        {},
    ),
    Shape(
        "tasks", entities.Task, Task,
        (
            "number", "kind", "title", "state", "glyph", "word", "priority", "effort_min", "effort_max",
            "stated_percent", "next_step", "completed_on", "assignee", "shape", "evidence", "places",
        ),
        {"phase": Phase, "parent": Task},
        followed=("glyph", "word", "shape", "evidence", "places"),
    ),
    Shape(
        "items", entities.Item, ChecklistItem, ("marker", "done", "text"), {"task": Task}, _OF_TASK,
        followed=("marker",),
    ),
    Shape(
        "prose", entities.Prose, DependencyText, ("side", "raw", "resolution", "score"),
        {"task": Task, "target": Task}, _OF_TASK, followed=("resolution", "score", "target"),
    ),
    Shape(
        "nodes", entities.Node, GraphNode, ("mermaid_id", "label"), {"task": Task},
        followed=("mermaid_id", "task"),
    ),
    Shape("arrows", entities.Arrow, GraphArrow, ("source", "target"), {}, followed=("source", "target")),
    Shape(
        "deferrals", entities.Deferral, Deferral, ("original_issue", "decision", "reason"),
        {"task": Task, "until_phase": Phase}, _OF_TASK,
    ),
    Shape(
        "decisions", entities.Decision, Decision, ("number", "title", "body", "status"), {},
        followed=("number",),
    ),
    Shape("lessons", entities.Lesson, Lesson, ("number", "title", "body"), {}, followed=("number",)),
    Shape("risks", entities.Risk, Risk, ("level", "text", "mitigation", "status"), {"phase": Phase}),
    Shape(
        "criteria", entities.Criterion, Criterion,
        ("text", "marker", "met", "comparison", "target", "current", "unit"), {"phase": Phase},
        followed=("marker", "comparison", "target", "unit"),
    ),
    Shape("facts", entities.Fact, StatedFact, ("key", "raw"), {"phase": Phase}),
)  # fmt: skip

BY_ENTITY = {shape.entity: shape for shape in SHAPES}
GROUPS = tuple(shape.group for shape in SHAPES)
"""What rows know of; what a document says besides is left to the document."""
