"""What differs between what a document says and what the data says now."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from bedplate.domains.plans.document.entities import Content, Entity

# Fields that a document states. What is not here (parents, kinds, links) is said by where an entity stands.
STATED: dict[str, tuple[str, ...]] = {
    "Plan": (
        "title", "document_version", "document_updated_on", "current_phase", "status", "update_frequency",
        "review_schedule",
    ),
    "Phase": ("name", "subtitle", "state", "start_on", "start_text", "target_on", "target_text"),
    "Task": (
        "number", "title", "state", "priority", "effort_min", "effort_max", "stated_percent", "next_step",
        "completed_on", "assignee",
    ),
    "Item": ("text", "done"),
    "Prose": ("raw",),
    "Node": ("label",),
    "Arrow": (),
    "Deferral": ("original_issue", "decision", "reason"),
    "Decision": ("title", "body"),
    "Lesson": ("title", "body"),
    "Risk": ("level", "text"),
    "Criterion": ("text", "met"),
    "Fact": ("key", "raw"),
    "Standup": ("text",),
    "Note": ("text",),
}  # fmt: skip

GROUPS: tuple[str, ...] = (
    "phases", "tasks", "items", "prose", "nodes", "arrows", "deferrals", "decisions", "lessons", "risks",
    "criteria", "facts", "standups", "notes",
)  # fmt: skip


class Update(msgspec.Struct, frozen=True):
    """New values for some fields of an entity that stands in the document."""

    ref: str
    values: dict[str, object]


class Add(msgspec.Struct, frozen=True):
    """An entity that is new to the document; its links are refs of the document or of other additions."""

    entity: Entity


class Remove(msgspec.Struct, frozen=True):
    ref: str


type Change = Update | Add | Remove


def entities_of(content: Content, groups: Collection[str] = GROUPS) -> Iterator[Entity]:
    """The plan, then every entity in the order in which one may refer to another."""
    yield content.plan
    for name in GROUPS:
        if name in groups:
            yield from getattr(content, name)


def by_ref(content: Content, groups: Collection[str] = GROUPS) -> dict[str, Entity]:
    return {entity.ref: entity for entity in entities_of(content, groups)}


def stated(entity: Entity) -> dict[str, object]:
    """The values of an entity's stated fields."""
    return {name: getattr(entity, name) for name in STATED[type(entity).__name__]}


def changes(document: Content, current: Content, *, groups: Collection[str] = GROUPS) -> list[Change]:
    """What to change in the document so that it says what `current` does; entities are paired by ref.

    `groups` are the ones that `current` knows of; what is in the others is left alone.
    """
    said, now = by_ref(document, groups), by_ref(current, groups)
    found: list[Change] = [Remove(ref) for ref in said if ref not in now]
    for ref, entity in now.items():
        known = said.get(ref)
        if known is None:
            found.append(Add(entity))
        elif values := differing(stated(known), stated(entity)):
            found.append(Update(ref, values))
    return found


def differing(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in after.items() if before.get(name) != value}
