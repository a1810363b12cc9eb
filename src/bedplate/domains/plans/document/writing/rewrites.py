"""Fields whose place holds more than their value: states, ticks, percentages, the text of a record."""

import re
from collections.abc import Callable
from typing import NamedTuple, cast

from bedplate.domains.plans.document.entities import (
    Content,
    Decision,
    Entity,
    Lesson,
    Phase,
    PhaseState,
    Place,
    State,
    Task,
)
from bedplate.domains.plans.document.words import WRITTEN_WORDS, cased_like
from bedplate.domains.plans.document.writing.edits import Edits, one_line
from bedplate.domains.plans.document.writing.phrasing import Style

_PERCENT = re.compile(r"\d{1,3}(?:\.\d+)?[ \t]*%")


class Desk(NamedTuple):
    """What a rewrite works on."""

    content: Content
    edits: Edits
    style: Style


type Rewrite = Callable[[Desk, Entity, object], bool]


def task_state(desk: Desk, entity: Entity, value: object) -> bool:
    """Every place where the document states the task's state; where none does, the heading says it from now on."""
    task, state, edits = cast("Task", entity), cast("State", value), desk.edits
    if marker := task.places.get("marker"):
        edits.replace(marker, desk.style.marker(state))
    if cell := task.places.get("cell"):
        edits.replace(cell, _cell_text(desk, edits.at(cell), state))
    if status := task.places.get("status"):
        edits.replace(status, cased_like(WRITTEN_WORDS[state], edits.at(status)))
    if heading := task.places.get("state"):
        edits.replace(heading, desk.style.state(state, task))
    elif not (marker or cell or status):
        title = task.places["title"]
        behind = Place(title.line, title.end, title.line, title.end)
        edits.replace(behind, " " + desk.style.state(state, task))
    return True


def percentage(desk: Desk, entity: Entity, value: object) -> bool:
    place = entity.places.get("stated_percent")
    if place is None or value is None:
        return False
    desk.edits.replace(place, _PERCENT.sub(f"{value}%", desk.edits.at(place), count=1))
    return True


def tick(desk: Desk, entity: Entity, value: object) -> bool:
    place = entity.places.get("marker")
    if place is None:
        return False
    desk.edits.replace(place, desk.style.marker("completed" if value else "pending"))
    return True


def body(desk: Desk, entity: Entity, value: object) -> bool:
    """A record's text; one that had none gets its colon too, and a plain title its bold."""
    record, place = cast("Decision | Lesson", entity), entity.places.get("body")
    if place is None:
        return False
    before = desk.edits.text(place.line)[: place.start]
    title = record.places["title"]
    if (
        not record.body
        and before[: title.start] == before[: title.start].rstrip("*_")
        and title.line == place.line
    ):
        desk.edits.replace(Place(title.line, title.start, title.line, title.start), "**")
        desk.edits.replace(place, f"**: {one_line(str(value))}")
        return True
    lead = "" if record.body or before.endswith(": ") else " " if before.endswith(":") else ": "
    desk.edits.replace(place, lead + one_line(str(value)))
    return True


def phase_state(desk: Desk, entity: Entity, value: object) -> bool:
    """Only a heading that states its phase's state can say another."""
    place = cast("Phase", entity).places.get("state")
    if place is None:
        return False
    now = desk.edits.at(place).split()
    like = Task(ref="", title="", glyph=now[0] if not now[0].isalpha() else None, word=now[-1])
    desk.edits.replace(place, desk.style.state(cast("PhaseState", value), like))
    return True


def _cell_text(desk: Desk, now: str, state: State) -> str:
    """A table's state in the words of another row in that state, if there is one."""
    if "[" in now:
        return f"[{desk.style.marker(state)}]"
    rows = (task for task in desk.content.tasks if task.shape == "row" and task.evidence.heading == state)
    peer = next(rows, None)
    return (peer.word if peer else None) or cased_like(WRITTEN_WORDS[state], now or "Pending")


REWRITES: dict[tuple[str, str], Rewrite] = {
    ("Task", "state"): task_state,
    ("Task", "stated_percent"): percentage,
    ("Item", "done"): tick,
    ("Criterion", "met"): tick,
    ("Decision", "body"): body,
    ("Lesson", "body"): body,
    ("Phase", "state"): phase_state,
}
