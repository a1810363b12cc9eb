"""Where a new entity goes in a document that never had it, in the form of its neighbours."""

import re
from collections.abc import Sequence

from .edits import Edits, one_line
from .entities import (
    Content,
    Criterion,
    Decision,
    Deferral,
    Entity,
    Item,
    Lesson,
    Note,
    Phase,
    Risk,
    Standup,
    Task,
)
from .phrasing import Style
from .sheets import phase_lines, task_fields

_BULLET = re.compile(r"([ \t>]*)([-*+]|(\d{1,9})([.)]))([ \t]+)")


def add_entity(edits: Edits, content: Content, style: Style, entity: Entity) -> bool:
    """Insert the entity's lines; False when the document has no place for such a thing."""
    match entity:
        case Task():
            _add_task(edits, content, style, entity)
        case Item():
            return _add_item(edits, content, style, entity)
        case Note():
            return _add_note(edits, content, entity)
        case Decision():
            _add_record(edits, content.decisions, "Decision Log", entity)
        case Lesson():
            _add_record(edits, content.lessons, "Lessons Learned", entity)
        case Risk():
            text = f"**{entity.level.capitalize()} Risk**: {one_line(entity.text)}"
            _append(edits, content.risks, "Risk Assessment", text)
        case Criterion():
            marker = style.marker("completed" if entity.met else "pending")
            _append(edits, content.criteria, "Success Criteria", f"[{marker}] {one_line(entity.text)}")
        case Standup():
            return _add_standup(edits, content, entity)
        case Deferral():
            return _add_deferral(edits, content, entity)
        case Phase():
            _at_end(edits, phase_lines(entity))
        case _:
            return False
    return True


def _add_task(edits: Edits, content: Content, style: Style, task: Task) -> None:
    """After the last task of the same phase and parent; a document of boxes gets one more box."""
    alike = [t for t in content.tasks if t.line and t.parent == task.parent and t.phase == task.phase]
    open_alike = [t for t in alike if t.evidence.section is None] or alike
    peers = open_alike or [t for t in content.tasks if t.line]
    last = max(peers, key=lambda t: t.line, default=None)
    if last is None:
        title = f"### {_title(task)} {style.state(task.state, task)}"
        _at_end(edits, ["## Tasks", "", title, *task_fields(task)])
    elif last.shape == "heading":
        level = re.match(r"\ufeff?\s*(#{1,6})", edits.text(last.line))
        heading = f"{level[1] if level else '###'} {_title(task)} {style.state(task.state, last)}"
        _insert(edits, last.end_line, ["", heading, *task_fields(task)])
    elif last.shape == "row":
        _insert(edits, last.end_line, [_row(edits, last, task, style)])
    else:
        box = f"[{style.marker(task.state)}] " if last.shape == "box" else f"{style.state(task.state, last)} "
        _insert(edits, last.end_line, [_bullet(edits, last.line) + box + _title(task)])


def _row(edits: Edits, last: Task, task: Task, style: Style) -> str:
    """The last row with the title and state of the new task, every other cell empty."""
    row = edits.text(last.line)
    cell, title = last.places["cell"], last.places["title"]
    boxed = "[" in edits.at(cell)
    state = f"[{style.marker(task.state)}]" if boxed else task.state.replace("_", " ").capitalize()
    kept = {cell.start: state, title.start: one_line(task.title)}
    parts: list[str] = []
    position = 0
    for piece in re.split(r"(\|)", row):
        inside = [text for start, text in kept.items() if position <= start < position + max(len(piece), 1)]
        parts.append(piece if piece == "|" else f" {inside[0]} " if inside else " " * len(piece))
        position += len(piece)
    return "".join(parts).rstrip()


def _add_item(edits: Edits, content: Content, style: Style, item: Item) -> bool:
    owner = next((task for task in content.tasks if task.ref == item.task), None)
    text = f"[{style.marker('completed' if item.done else 'pending')}] {one_line(item.text)}"
    siblings = [other for other in content.items if other.task == item.task]
    if siblings:
        _insert(edits, siblings[-1].end_line, [_bullet(edits, siblings[-1].line) + text])
    elif owner is None or owner.shape == "row" or not owner.line:
        return _follow_new_task(edits, content, text)
    elif owner.shape == "heading":
        _insert(edits, owner.end_line, ["- " + text])
    else:
        indent = _indent(edits.text(owner.line))
        _insert(edits, owner.end_line, [f"{indent}- {text}"])
    return True


def _follow_new_task(edits: Edits, content: Content, text: str) -> bool:
    """An item of a task that is itself new follows that task's lines, which were inserted just before."""
    return edits.append_to_last(f"- {text}") if content else False


def _add_note(edits: Edits, content: Content, note: Note) -> bool:
    owner = next((task for task in content.tasks if task.ref == note.task), None)
    if owner is None or owner.shape != "heading":
        return False
    siblings = [other for other in content.notes if other.task == note.task]
    after = siblings[-1].end_line if siblings else owner.end_line
    bullet = _bullet(edits, siblings[-1].line) if siblings else "- "
    _insert(edits, after, [bullet + one_line(note.text)])
    return True


def _add_record(
    edits: Edits, known: Sequence[Decision | Lesson], section: str, record: Decision | Lesson
) -> None:
    text = f"**{one_line(record.title)}**: {one_line(record.body)}".rstrip()
    last = max(known, key=lambda entry: entry.line, default=None)
    if last is not None and edits.text(last.line).lstrip().startswith("#"):
        mark = edits.text(last.line).split(" ")[0]
        number = f"{(last.number or len(known)) + 1}. " if last.number else ""
        _insert(edits, last.end_line, ["", f"{mark} {number}{one_line(record.title)}", "", one_line(record.body)])
        return
    loose = len(known) > 1 and edits.blank(known[-1].line - 1)
    _append(edits, known, section, text, first="1. ", loose=loose)


def _append(
    edits: Edits, known: Sequence[Entity], section: str, text: str, *, first: str = "- ", loose: bool = False
) -> None:
    """One more item after the last of its kind, or a section for the first of its kind."""
    last = max(known, key=lambda entry: entry.line, default=None)
    if last is None or not last.line:
        _at_end(edits, [f"## {section}", "", first + text])
    else:
        _insert(edits, last.end_line, [*([""] if loose else []), _bullet(edits, last.line) + text])


def _add_standup(edits: Edits, content: Content, standup: Standup) -> bool:
    siblings = [other for other in content.standups if other.kind == standup.kind]
    if siblings:
        _insert(edits, siblings[-1].end_line, [_bullet(edits, siblings[-1].line) + one_line(standup.text)])
    return bool(siblings)


def _add_deferral(edits: Edits, content: Content, deferral: Deferral) -> bool:
    owner = next((task for task in content.tasks if task.ref == deferral.task), None)
    if owner is None or owner.shape != "heading":
        return False
    stated = {"Original Issue": deferral.original_issue, "Decision": deferral.decision, "Reason": deferral.reason}
    lines = [f"**{label}**: {one_line(value)}  " for label, value in stated.items() if value]
    gap = [""] if not edits.text(owner.end_line).startswith("#") else []
    _insert(edits, owner.end_line, [*gap, *lines])
    return bool(lines)


def _insert(edits: Edits, after: int, lines: list[str]) -> None:
    edits.insert_after(after, lines)


def _at_end(edits: Edits, lines: list[str]) -> None:
    last = len(edits.lines)
    edits.insert_after(last, lines if last == 0 or edits.blank(last) else ["", *lines])


def _bullet(edits: Edits, line: int) -> str:
    """The bullet of a neighbour, counted on when it is a number."""
    found = _BULLET.match(edits.text(line))
    if found is None:
        return "- "
    mark = found[2] if found[3] is None else f"{int(found[3]) + 1}{found[4]}"
    return found[1] + mark + found[5]


def _indent(text: str) -> str:
    found = _BULLET.match(text)
    return " " * found.end() if found else "  "


def _title(task: Task) -> str:
    return f"{task.number}. {one_line(task.title)}" if task.number else one_line(task.title)
