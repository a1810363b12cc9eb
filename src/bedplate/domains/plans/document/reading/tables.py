"""Task tables: a pipe table with a state column, one task a row."""

import re

from bedplate.domains.plans.document.entities import Evidence, Place, State, Task
from bedplate.domains.plans.document.reading.draft import Draft
from bedplate.domains.plans.document.reading.fields import Field
from bedplate.domains.plans.document.reading.outline import Element
from bedplate.domains.plans.document.reading.sections import Scope
from bedplate.domains.plans.document.reading.statements import state_task
from bedplate.domains.plans.document.reading.titles import read_title
from bedplate.domains.plans.document.values import day
from bedplate.domains.plans.document.words import glyph_state, marker_state, word_state
from bedplate.domains.plans.document.writing.edits import one_line

_CELL = re.compile(r"(?:\\.|`[^`|]*`|[^|\\])+")
_BOX = re.compile(r"\[(.)\]")
_COLUMNS = {
    "number": ("#", "no", "nr", "id", "number", "key"),
    "title": ("task", "title", "name", "item", "work", "description", "what", "story", "feature"),
    "state": ("state", "status", "done", "progress", "done?"),
    "priority": ("priority", "prio"),
    "effort": ("effort", "estimate", "estimated effort", "size"),
    "dependencies": ("dependencies", "depends on", "blocked by"),
    "blocking": ("blocking", "blocks"),
    "assignee": ("assignee", "owner", "who"),
    "completed_on": ("completed", "completed on", "date"),
}
_NAMES = {word: name for name, words in _COLUMNS.items() for word in words}
_MOST_COLUMNS = 50


def read_table(draft: Draft, scope: Scope, element: Element) -> bool:
    """Add a task for each row; False when the table is not one of tasks."""
    columns = [_NAMES.get(text.strip(" \t*_").lower(), "") for text, _ in _cells(draft.lines[element.start])]
    if "state" not in columns:
        return False
    if "title" not in columns:
        free = next((i for i, name in enumerate(columns) if not name), None)
        if free is None:
            return False
        columns[free] = "title"
    for number in range(element.start + 2, element.end):
        _read_row(draft, scope, columns, number)
    return True


def row_like(row: str, last: Task, task: Task, marker: str) -> str:
    """A row for a new task: the columns of another row, only title, number and state filled."""
    cells = _cells(row)
    boxed = "[" in row[last.places["cell"].start : last.places["cell"].end]
    state = f"[{marker}]" if boxed else task.state.replace("_", " ").capitalize()
    filled = {last.places["cell"].start: state, last.places["title"].start: one_line(task.title)}
    written = [filled.get(start, task.number or "" if text == last.number else "") for text, start in cells]
    return "| " + " | ".join(text.replace("|", "\\|") for text in written) + " |"


def _read_row(draft: Draft, scope: Scope, columns: list[str], index: int) -> None:
    line, text = index + 1, draft.lines[index]
    cells = {name: cell for name, cell in zip(columns, _cells(text), strict=False) if name}
    if "title" not in cells or not cells["title"][0]:
        draft.skip(index, index + 1, "row")
        return
    titled, start = cells["title"]
    title = read_title(text, start, start + len(titled))
    number = cells["number"][0].lstrip("#") if cells.get("number", ("", 0))[0] else title.number
    stated, state_start = cells.get("state", ("", 0))
    box = _BOX.search(stated)
    state = word_state(stated.strip("*_`")) or _first_state(stated)
    state = marker_state(box[1]) if box else state
    ref = draft.ref("task", number or title.text)
    draft.tasks[ref] = Task(
        ref=ref,
        line=line,
        end_line=line,
        places={
            "title": Place(line, title.start, line, title.end),
            "cell": Place(line, state_start, line, state_start + len(stated)),
        },
        title=title.text,
        number=number,
        phase=scope.phase,
        shape="row",
        word=stated or None,
        evidence=Evidence(heading=state),
    )
    for name, (value, column) in cells.items():
        if value and name not in {"title", "number", "state"}:
            _state_cell(draft, ref, line, Field(name, name, value, column, column + len(value)))


def _state_cell(draft: Draft, ref: str, line: int, cell: Field) -> None:
    if cell.name != "completed_on" or day(cell.value):
        state_task(draft, ref, line, cell)


def _first_state(stated: str) -> State | None:
    words = re.findall(r"[^\W\d_]+", stated)
    pairs = [" ".join(words[:2]), *words[:1]]
    return next((state for word in pairs if (state := word_state(word))), None) or glyph_state(stated)


def _cells(text: str) -> list[tuple[str, int]]:
    """Trimmed cell texts with their start columns; the outer pipes open no cell."""
    start = len(text) - len(text.lstrip(" \t\ufeff|"))
    start = text.find("|") + 1 if text.lstrip(" \t\ufeff").startswith("|") else min(start, len(text))
    cells: list[tuple[str, int]] = []
    while start < len(text) and len(cells) < _MOST_COLUMNS:
        found = _CELL.match(text, start)
        end = found.end() if found else start
        raw = text[start:end]
        trimmed = raw.strip(" \t")
        cells.append((trimmed, start + len(raw) - len(raw.lstrip(" \t"))))
        if end < len(text) and text[end] != "|":
            end = len(text)
        start = end + 1
    return cells
