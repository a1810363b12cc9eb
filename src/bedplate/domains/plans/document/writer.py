"""Write changes into a document: only the line or list item whose entity changed is touched."""

import re
from collections.abc import Callable
from typing import cast

import msgspec

from .additions import add_entity
from .changes import Add, Change, Remove, Update, by_ref, changes
from .edits import Edits, one_line
from .entities import Content, Decision, Entity, Item, Lesson, Phase, Place, State, Task
from .lines import decode, split
from .phrasing import PHASE_WORDS, Style, effort_value, value_text
from .reader import Document
from .words import WRITTEN_WORDS, cased_like

_PERCENT = re.compile(r"\d{1,3}(?:\.\d+)?[ \t]*%")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_LABELS = {
    "priority": "Priority",
    "effort": "Estimated Effort",
    "next_step": "Next Step",
    "assignee": "Assignee",
    "completed_on": "Completed On",
    "start_on": "Start Date",
    "start_text": "Start Date",
    "target_on": "Target Date",
    "target_text": "Target Date",
    "original_issue": "Original Issue",
    "decision": "Decision",
    "reason": "Reason",
    "document_version": "Document Version",
    "document_updated_on": "Last Updated",
    "current_phase": "Current Phase",
    "status": "Document Status",
    "update_frequency": "Update Frequency",
    "review_schedule": "Review Schedule",
}


class Rendering(msgspec.Struct, frozen=True):
    """`unwritten` names the entity and field of each change that this document has no place for."""

    data: bytes
    unwritten: tuple[tuple[str, str], ...] = ()


def render(document: Document, wanted: list[Change]) -> bytes:
    """The document with the changes made; without any, the bytes as they came."""
    return rendering(document, wanted).data


def export(document: Document, current: Content) -> Rendering:
    """The document made to say what `current` does."""
    return rendering(document, changes(document.content, current))


def rendering(document: Document, wanted: list[Change]) -> Rendering:
    if not wanted:
        return Rendering(document.raw)
    writer = _Writer(document)
    for change in wanted:
        writer.make(change)
    return Rendering(writer.edits.apply(), tuple(writer.unwritten))


class _Writer:
    def __init__(self, document: Document) -> None:
        content = document.content
        self.content = content
        self.known = by_ref(content)
        self.edits = Edits(split(decode(document.raw)))
        markers = [item.marker for item in content.items]
        self.style = Style(content.tasks, markers + [c.marker for c in content.criteria if c.marker])
        self.unwritten: list[tuple[str, str]] = []

    def make(self, change: Change) -> None:
        if isinstance(change, Add):
            if not add_entity(self.edits, self.content, self.style, change.entity):
                self.unwritten.append((change.entity.ref, ""))
        elif change.ref not in self.known:
            self.unwritten.append((change.ref, ""))
        elif isinstance(change, Remove):
            self._remove(self.known[change.ref])
        else:
            self._update(self.known[change.ref], change)

    def _update(self, entity: Entity, change: Update) -> None:
        for name, value in _written(entity, change.values).items():
            special = _SPECIAL.get((type(entity).__name__, name))
            if special:
                special(self, entity, value)
            elif name in entity.places:
                self._replace(entity, name, value)
            elif value is not None and not (isinstance(entity, Task) and entity.shape == "row"):
                self._insert_field(entity, name, value)
            elif value is not None:
                self.unwritten.append((entity.ref, name))

    def _replace(self, entity: Entity, name: str, value: object) -> None:
        place = entity.places[name]
        if value is None and name in _LABELS:
            self.edits.remove(place.line, place.line)
        else:
            self.edits.replace(place, "" if value is None else value_text(name, value))

    def _insert_field(self, entity: Entity, name: str, value: object) -> None:
        label = _LABELS.get(name)
        if label is None or not entity.line:
            self.unwritten.append((entity.ref, name))
            return
        after, prefix = entity.line, ""
        if isinstance(entity, Task) and entity.shape != "heading":
            text = self.edits.text(entity.line)
            prefix = " " * (len(text) - len(text.lstrip(" \t")) + 2) + "- "
        elif _UNDERLINE.match(self.edits.text(after + 1)) and not self.edits.text(after).startswith("#"):
            after += 1
        following = self.edits.text(after + 1)
        hard_break = "  " if following.startswith(("**", "__")) and not prefix else ""
        self.edits.insert_after(after, [f"{prefix}**{label}**: {value_text(name, value)}{hard_break}"])

    def _remove(self, entity: Entity) -> None:
        if not entity.line:
            self.unwritten.append((entity.ref, ""))
            return
        last = entity.end_line
        surrounded = self.edits.blank(entity.line - 1)
        if surrounded and self.edits.blank(last + 1) and last < len(self.edits.lines):
            last += 1  # one of the two gaps goes too
        self.edits.remove(entity.line, last)


def _written(entity: Entity, values: dict[str, object]) -> dict[str, object]:
    """Values by the name under which a document states them: an effort is one statement."""
    if not isinstance(entity, Task) or not values.keys() & {"effort_min", "effort_max"}:
        return values
    rest = {name: value for name, value in values.items() if name not in {"effort_min", "effort_max"}}
    return rest | {"effort": effort_value(entity, values)}


def _task_state(writer: _Writer, entity: Entity, value: object) -> None:
    task, state, edits = cast("Task", entity), cast("State", value), writer.edits
    if "marker" in task.places:
        edits.replace(task.places["marker"], writer.style.marker(state))
    if "cell" in task.places:
        _cell(writer, task, state)
    if "status" in task.places:
        place = task.places["status"]
        edits.replace(place, cased_like(WRITTEN_WORDS[state], edits.at(place)))
    if "state" in task.places:
        edits.replace(task.places["state"], writer.style.state(state, task))
    elif not task.places.keys() & {"marker", "cell", "status"}:
        title = task.places["title"]
        edits.replace(
            Place(title.line, title.end, title.line, title.end), " " + writer.style.state(state, task)
        )


def _cell(writer: _Writer, task: Task, state: State) -> None:
    """A table's state cell, in the words of another row in that state if there is one."""
    place = task.places["cell"]
    now = writer.edits.at(place)
    if "[" in now:
        writer.edits.replace(place, f"[{writer.style.marker(state)}]")
        return
    peers = (
        peer.word for peer in writer.content.tasks if peer.shape == "row" and peer.evidence.heading == state
    )
    words = next((word for word in peers if word), None) or cased_like(WRITTEN_WORDS[state], now or "Pending")
    writer.edits.replace(place, words)


def _percent(writer: _Writer, entity: Entity, value: object) -> None:
    place = entity.places.get("stated_percent")
    if place is None or value is None:
        writer.unwritten.append((entity.ref, "stated_percent"))
        return
    writer.edits.replace(place, _PERCENT.sub(f"{value}%", writer.edits.at(place), count=1))


def _tick(writer: _Writer, entity: Entity, value: object) -> None:
    if "marker" in entity.places:
        writer.edits.replace(entity.places["marker"], writer.style.marker("completed" if value else "pending"))
    else:
        writer.unwritten.append((entity.ref, "done" if isinstance(entity, Item) else "met"))


def _body(writer: _Writer, entity: Entity, value: object) -> None:
    """A record's text; a record that had none gets the colon too."""
    record, place = cast("Decision | Lesson", entity), entity.places.get("body")
    if place is None:
        writer.unwritten.append((entity.ref, "body"))
        return
    text = one_line(str(value))
    if record.body:
        writer.edits.replace(place, text)
        return
    line = writer.edits.text(place.line)
    bold = line[: place.start].rstrip(" ").endswith(("**", "__", ":"))
    writer.edits.replace(place, (" " if line[: place.start].endswith(":") else ": ") + text if bold else f": {text}")


def _phase_state(writer: _Writer, entity: Entity, value: object) -> None:
    """Only a heading that states its phase's state can be rewritten; elsewhere the state is derived."""
    phase = cast("Phase", entity)
    if place := phase.places.get("state"):
        like = Task(ref="", title="", glyph="x", word=writer.edits.at(place).split()[-1])
        written = writer.style.state(PHASE_WORDS[cast("Phase", msgspec.structs.replace(phase, state=value)).state], like)
        writer.edits.replace(place, written)
    else:
        writer.unwritten.append((entity.ref, "state"))


_SPECIAL: dict[tuple[str, str], Callable[[_Writer, Entity, object], None]] = {
    ("Task", "state"): _task_state,
    ("Task", "stated_percent"): _percent,
    ("Item", "done"): _tick,
    ("Criterion", "met"): _tick,
    ("Decision", "body"): _body,
    ("Lesson", "body"): _body,
    ("Phase", "state"): _phase_state,
}
