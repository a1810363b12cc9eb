"""Where a new entity goes in a document that never had it, in the form of its neighbours."""

import re
from collections.abc import Sequence

from bedplate.domains.plans.document.entities import (
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
from bedplate.domains.plans.document.reading.tables import row_like
from bedplate.domains.plans.document.writing.edits import Edits, one_line
from bedplate.domains.plans.document.writing.phrasing import Style
from bedplate.domains.plans.document.writing.sheets import (
    deferral_fields,
    numbered_title,
    phase_lines,
    task_fields,
)

_BULLET = re.compile(r"([ \t>]*)([-*+]|(\d{1,9})([.)]))([ \t]+)")
_HEADING = re.compile(r"\ufeff?\s{0,3}(#{1,6})")


class Additions:
    """Refs of an addition may name entities of the document or earlier additions."""

    def __init__(self, edits: Edits, content: Content, style: Style) -> None:
        self.edits, self.content, self.style = edits, content, style
        self.tasks = {task.ref: task for task in content.tasks}
        self.last_items = {item.task: item for item in content.items}
        self.last_notes = {note.task: note for note in content.notes}
        self.last_standups = {standup.kind: standup for standup in content.standups}

    def add(self, entity: Entity) -> bool:
        """Insert the entity's lines; False when the document has no place for such a thing."""
        match entity:
            case Task():
                return self._task(entity)
            case Item() | Note() | Deferral():
                return self._of_task(entity)
            case Phase():
                return self._at_end(entity.ref, phase_lines(entity)[:-1])
            case _:
                return self._listed(entity)

    def _of_task(self, entity: Item | Note | Deferral) -> bool:
        if isinstance(entity, Item):
            return self._item(entity)
        return self._note(entity) if isinstance(entity, Note) else self._deferral(entity)

    def _listed(self, entity: Entity) -> bool:
        match entity:
            case Decision() | Lesson():
                return self._record(entity)
            case Risk():
                text = f"**{entity.level.capitalize()} Risk**: {one_line(entity.text)}"
                return self._list_end(entity, self.content.risks, "Risk Assessment", text)
            case Criterion():
                marker = self.style.marker("completed" if entity.met else "pending")
                text = f"[{marker}] {one_line(entity.text)}"
                return self._list_end(entity, self.content.criteria, "Success Criteria", text)
            case Standup():
                return self._after(self.last_standups.get(entity.kind), one_line(entity.text), entity.ref)
            case _:
                return False

    def _task(self, task: Task) -> bool:
        """Under its parent, else in its phase, else after the last task; a document of boxes gets a box."""
        for ref in (task.parent, task.phase):
            above = self.edits.inserted(ref) if ref else []
            marks = next((found[1] for line in above if (found := _HEADING.match(line))), None)
            if ref and marks:
                lines = self._heading_lines(task, (marks + "#")[:6], None)
                self.edits.continue_insert(ref, lines)
                self.edits.insert_chunk(task.ref, above)
                return True
        last = self._neighbour(task)
        if last is None:
            return self._at_end(task.ref, ["## Tasks", *self._heading_lines(task, "###", None)])
        if last.shape == "heading":
            found = _HEADING.match(self.edits.text(last.line))
            marks = found[1] if found else "###"
            marks = (marks + "#")[:6] if last.ref == task.parent else marks
            lines = self._heading_lines(task, marks, last)
            self.edits.insert_after(self._subtree_end(last), lines, task.ref, level=len(marks))
        elif last.shape == "row":
            row = row_like(self.edits.text(last.line), last, task, self.style.marker(task.state))
            self.edits.insert_after(last.end_line, [row], task.ref)
        else:
            box = (
                f"[{self.style.marker(task.state)}]"
                if last.shape == "box"
                else self.style.state(task.state, last)
            )
            line = f"{_next_bullet(self.edits.text(last.line))}{box} {numbered_title(task)}"
            self.edits.insert_after(last.end_line, [line], task.ref)
        return True

    def _neighbour(self, task: Task) -> Task | None:
        """The task to stand after: the last sibling of the phase, else the parent, else the last of all."""
        placed = [known for known in self.content.tasks if known.line]
        alike = [known for known in placed if (known.parent, known.phase) == (task.parent, task.phase)]
        listed = [known for known in alike if known.evidence.section is None] or alike
        if not listed and task.parent in self.tasks:
            return self.tasks[task.parent]
        return max(listed or placed, key=lambda known: known.line, default=None)

    def _subtree_end(self, task: Task) -> int:
        """The last line of the task and of everything under it."""
        inside = {task.ref}
        end = task.end_line
        for known in self.content.tasks:  # a parent stands before its children
            if known.parent in inside:
                inside.add(known.ref)
                end = max(end, known.end_line)
        return end

    def _heading_lines(self, task: Task, marks: str, like: Task | None) -> list[str]:
        heading = f"{marks} {numbered_title(task)} {self.style.state(task.state, like or task)}"
        return ["", heading, *task_fields(task)]

    def _item(self, item: Item) -> bool:
        text = f"[{self.style.marker('completed' if item.done else 'pending')}] {one_line(item.text)}"
        owner = self.tasks.get(item.task)
        if item.task in self.last_items:
            return self._after(self.last_items[item.task], text, item.ref)
        if owner is None:
            return self.edits.continue_insert(item.task, [f"- {text}"])
        if owner.shape == "row" or not owner.line:
            return False
        indent = "" if owner.shape == "heading" else _indent(self.edits.text(owner.line))
        self.edits.insert_after(owner.end_line, [f"{indent}- {text}"], item.ref)
        return True

    def _note(self, note: Note) -> bool:
        if note.task in self.last_notes:
            return self._after(self.last_notes[note.task], one_line(note.text), note.ref)
        owner = self.tasks.get(note.task)
        if owner is None or owner.shape != "heading":
            return False
        self.edits.insert_after(owner.end_line, [f"- {one_line(note.text)}"], note.ref)
        return True

    def _record(self, record: Decision | Lesson) -> bool:
        """After the last of its kind: a heading where the document has headings, else a counted item."""
        decision = isinstance(record, Decision)
        known: Sequence[Decision | Lesson] = self.content.decisions if decision else self.content.lessons
        last = max(known, key=lambda entry: entry.line, default=None)
        title, text = one_line(record.title), one_line(record.body)
        if last is not None and (found := _HEADING.match(self.edits.text(last.line))):
            number = f"{last.number + 1}. " if last.number else ""
            lines = ["", f"{found[1]} {number}{title}", *(["", text] if text else [])]
            self.edits.insert_after(last.end_line, lines, record.ref)
            return True
        loose = len(known) > 1 and self.edits.blank(known[-1].line - 1)
        section = "Decision Log" if decision else "Lessons Learned"
        line = f"**{title}**: {text}" if text else f"**{title}**"
        return self._list_end(record, known, section, line, first="1. ", loose=loose)

    def _deferral(self, deferral: Deferral) -> bool:
        owner, lines = self.tasks.get(deferral.task), deferral_fields(deferral)
        if owner is None:
            return bool(lines) and self.edits.continue_insert(deferral.task, ["", *lines])
        if owner.shape != "heading" or not lines:
            return False
        gap = [""] if owner.end_line > owner.line else []
        self.edits.insert_after(owner.end_line, [*gap, *lines], deferral.ref)
        return True

    def _list_end(
        self, entity: Entity, known: Sequence[Entity], section: str, text: str, *, first: str = "- ",
        loose: bool = False,
    ) -> bool:  # fmt: skip
        """One more item after the last of its kind, or a section for the first of its kind."""
        last = max(known, key=lambda entry: entry.line, default=None)
        if last is None or not last.line:
            if not self.edits.continue_insert(section, [first + text]):
                self._at_end(section, [f"## {section}", "", first + text])
            return True
        gap = [""] if loose else []
        self.edits.insert_after(
            last.end_line, [*gap, _next_bullet(self.edits.text(last.line)) + text], entity.ref
        )
        return True

    def _after(self, sibling: Entity | None, text: str, ref: str) -> bool:
        if sibling is None:
            return False
        self.edits.insert_after(sibling.end_line, [_next_bullet(self.edits.text(sibling.line)) + text], ref)
        return True

    def _at_end(self, ref: str, lines: list[str]) -> bool:
        last = len(self.edits.lines)
        self.edits.insert_after(last, lines if last == 0 or self.edits.blank(last) else ["", *lines], ref)
        return True


def _next_bullet(text: str) -> str:
    """The bullet of a neighbour's line, counted on when it is a number."""
    found = _BULLET.match(text)
    if found is None:
        return "- "
    mark = found[2] if found[3] is None else f"{int(found[3]) + 1}{found[4]}"
    return found[1] + mark + found[5]


def _indent(text: str) -> str:
    found = _BULLET.match(text)
    return " " * found.end() if found else "  "
