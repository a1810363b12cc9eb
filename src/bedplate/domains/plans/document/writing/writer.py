"""Write changes into a document: only the line or list item whose entity changed is touched."""

import re
from collections.abc import Collection, Sequence

import msgspec

from bedplate.domains.plans.document.entities import Content, Entity, Task
from bedplate.domains.plans.document.lines import decode, split
from bedplate.domains.plans.document.reading.reader import Document
from bedplate.domains.plans.document.writing.additions import Additions
from bedplate.domains.plans.document.writing.changes import (
    GROUPS,
    Add,
    Change,
    Remove,
    Update,
    by_ref,
    changes,
)
from bedplate.domains.plans.document.writing.edits import Edits
from bedplate.domains.plans.document.writing.phrasing import Style, effort_value, value_text
from bedplate.domains.plans.document.writing.rewrites import REWRITES, Desk
from bedplate.domains.plans.document.writing.sheets import LABELS

_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")


class Rendering(msgspec.Struct, frozen=True):
    """`unwritten` names the ref and field of each change that this document has no place for."""

    data: bytes
    unwritten: tuple[tuple[str, str], ...] = ()


def render(document: Document, wanted: Sequence[Change]) -> bytes:
    """The document with the changes made; without any, the bytes as they came."""
    return rendering(document, wanted).data


def export(document: Document, current: Content, *, groups: Collection[str] = GROUPS) -> Rendering:
    """The document made to say what `current` does; groups of entities not named stay as they are."""
    return rendering(document, changes(document.content, current, groups=groups))


def rendering(document: Document, wanted: Sequence[Change]) -> Rendering:
    if not wanted:
        return Rendering(document.raw)
    writer = _Writer(document)
    for change in wanted:
        writer.make(change)
    return Rendering(writer.edits.apply(), tuple(writer.unwritten))


class _Writer:
    def __init__(self, document: Document) -> None:
        content = document.content
        self.known = by_ref(content)
        self.edits = Edits(split(decode(document.raw)))
        boxed = (*content.items, *content.criteria, *content.tasks)
        markers = [self.edits.at(entity.places["marker"]) for entity in boxed if "marker" in entity.places]
        style = Style(content.tasks, markers)
        self.desk = Desk(content, self.edits, style)
        self.additions = Additions(self.edits, content, style)
        self.unwritten: list[tuple[str, str]] = []

    def make(self, change: Change) -> None:
        if isinstance(change, Add):
            if not self.additions.add(change.entity):
                self.unwritten.append((change.entity.ref, ""))
        elif change.ref not in self.known or not self.known[change.ref].line:
            self.unwritten.append((change.ref, ""))
        elif isinstance(change, Remove):
            self._remove(self.known[change.ref])
        else:
            self._update(self.known[change.ref], change)

    def _update(self, entity: Entity, change: Update) -> None:
        for name, value in _as_stated(entity, change.values).items():
            rewrite = REWRITES.get((type(entity).__name__, name))
            if rewrite:
                written = rewrite(self.desk, entity, value)
            elif name in entity.places:
                written = self._replace(entity, name, value)
            else:
                written = value is None or self._insert_field(entity, name, value)
            if not written:
                self.unwritten.append((entity.ref, name))

    def _replace(self, entity: Entity, name: str, value: object) -> bool:
        """A field taken away takes its line with it, unless other text shares the line."""
        place = entity.places[name]
        in_row = isinstance(entity, Task) and entity.shape == "row"
        if value is None and name in LABELS and not in_row:
            self.edits.remove(place.line, place.line)
        else:
            self.edits.replace(place, "" if value is None else value_text(name, value))
        return True

    def _insert_field(self, entity: Entity, name: str, value: object) -> bool:
        label = LABELS.get(name)
        if label is None or (isinstance(entity, Task) and entity.shape == "row"):
            return False
        after, prefix = entity.line, ""
        if isinstance(entity, Task) and entity.shape != "heading":
            text = self.edits.text(entity.line)
            prefix = " " * (len(text) - len(text.lstrip(" \t")) + 2) + "- "
        elif _UNDERLINE.match(self.edits.text(after + 1)) and not self.edits.text(after).startswith("#"):
            after += 1
        hard_break = "  " if self.edits.text(after + 1).startswith(("**", "__")) and not prefix else ""
        self.edits.insert_after(after, [f"{prefix}**{label}**: {value_text(name, value)}{hard_break}"])
        return True

    def _remove(self, entity: Entity) -> None:
        last = entity.end_line
        if self.edits.blank(entity.line - 1) and self.edits.blank(last + 1):
            last = min(last + 1, len(self.edits.lines))  # of the gaps before and behind, one goes too
        self.edits.remove(entity.line, last)


def _as_stated(entity: Entity, values: dict[str, object]) -> dict[str, object]:
    """Values by the name under which a document states them: the bounds of an effort are one statement."""
    if not isinstance(entity, Task) or not values.keys() & {"effort_min", "effort_max"}:
        return values
    rest = {name: value for name, value in values.items() if name not in {"effort_min", "effort_max"}}
    return rest | {"effort": effort_value(entity, values)}
