"""Values in the words of the document that they are written into."""

from collections.abc import Iterable
from datetime import date

from bedplate.domains.plans.document.entities import State, Task
from bedplate.domains.plans.document.values import effort_text
from bedplate.domains.plans.document.words import (
    WRITTEN_GLYPHS,
    WRITTEN_MARKERS,
    WRITTEN_WORDS,
    cased_like,
    marker_state,
)
from bedplate.domains.plans.document.writing.edits import one_line


class Style:
    """How a document writes states and ticks, learnt from the tasks it has."""

    def __init__(self, tasks: Iterable[Task], markers: Iterable[str]) -> None:
        self._tasks = [task for task in tasks if task.shape != "row" and (task.glyph or task.word)]
        used = [marker for marker in markers if marker_state(marker) == "completed"]
        self._tick = used[0] if used else WRITTEN_MARKERS["completed"]

    def state(self, state: State, like: Task) -> str:
        """The state in the form that the task's own has: glyph, word or both."""
        example = like if like.glyph or like.word else self._example()
        glyph, word = bool(example and example.glyph), bool(example and example.word)
        if not glyph and not word:
            glyph = word = True
        for peer in self._tasks:
            if (peer.word or "").lower() == "blocked":
                continue  # a pending task of a special kind
            if peer.evidence.heading == state and bool(peer.glyph) == glyph and bool(peer.word) == word:
                return _joined(peer.glyph, peer.word)
        model = (example.word if example else None) or "PENDING"
        return _joined(
            WRITTEN_GLYPHS[state] if glyph else None,
            cased_like(WRITTEN_WORDS[state], model) if word else None,
        )

    def marker(self, state: State) -> str:
        return self._tick if state == "completed" else WRITTEN_MARKERS[state]

    def _example(self) -> Task | None:
        """A task that shows the document's usual form."""
        return next((task for task in self._tasks if task.shape == "heading"), None) or next(
            iter(self._tasks), None
        )


def value_text(name: str, value: object) -> str:
    """A field's value as a document writes it."""
    if isinstance(value, date):
        return value.isoformat()
    if name == "priority":
        return str(value).capitalize()
    if name == "stated_percent":
        return f"{value}%"
    return one_line(str(value))


def effort_value(task: Task, values: dict[str, object]) -> str | None:
    """The effort after a change of one or both bounds; None when it is taken away."""
    least, most = values.get("effort_min", task.effort_min), values.get("effort_max", task.effort_max)
    least = least if isinstance(least, int) else None
    most = most if isinstance(most, int) else None
    return None if least is None and most is None else effort_text(least, most)


def _joined(glyph: str | None, word: str | None) -> str:
    return " ".join(part for part in (glyph, word) if part)
