"""What each heading opens, and the phase, task or record that it adds."""

import re
from dataclasses import dataclass, replace

from bedplate.domains.plans.document.entities import Evidence, Phase, Place, State, Task
from bedplate.domains.plans.document.reading.draft import Draft, refined
from bedplate.domains.plans.document.reading.outline import Element
from bedplate.domains.plans.document.reading.records import open_record
from bedplate.domains.plans.document.reading.sections import (
    PART_OF_TASK,
    RECORDS,
    SECTION_STATES,
    TASK_LISTS,
    Scope,
    Section,
    named_section,
    question,
    task_list,
)
from bedplate.domains.plans.document.reading.titles import Title, read_title
from bedplate.domains.plans.document.words import PHASE, PHASE_STATES

_ATX = re.compile(r"\ufeff?[ ]{0,3}#{1,6}(?:[ \t]+|$)")
_KIND_AND_NAME = re.compile(r"[ \t]+[-–—][ \t]+")
_ROMAN = {"i": 1, "v": 5, "x": 10}


@dataclass(frozen=True, slots=True)
class Body:
    """What stands under a heading before the next one: signs that it is a task's heading."""

    boxes: bool = False
    fields: bool = False


def open_heading(draft: Draft, above: Scope, element: Element, body: Body) -> Scope:
    """Add what the heading stands for; the scope that it opens. `above` is the enclosing scope."""
    text = draft.lines[element.start]
    title = read_title(text, *_heading_columns(text))
    if above.record:
        return replace(above, level=element.level)
    scope = replace(above, level=element.level)
    if element.level == 1:
        return _open_plan(draft, scope, element, title)
    if above.section is Section.TASK:
        return _open_inside_task(draft, scope, element, title, body)
    if above.section is Section.STANDUP:
        return replace(scope, question=question(title.text))
    if not title.number and (listed := task_list(title.text)):
        phase = _named_phase(draft, element, title, current=listed is Section.ACTIVE) or above.phase
        return replace(scope, section=listed, list_section=listed, phase=phase)
    return _open_section(draft, scope, element, title, body)


def _open_section(draft: Draft, scope: Scope, element: Element, title: Title, body: Body) -> Scope:
    named = None if title.number and scope.list_section else named_section(title.text)
    starts_phase = not title.number and PHASE.match(title.text)
    if starts_phase and not named:
        ref = _named_phase(draft, element, title, current=False)
        return replace(scope, section=Section.PHASE, phase=ref, list_section=None)
    if scope.section in RECORDS and not named:
        return _open_record(draft, scope, element, title)
    if title.state and not (named and not title.number):
        return _open_task(draft, scope, element, title)
    if named:
        phase = _named_phase(draft, element, title, current=False) or scope.phase
        return replace(scope, section=named, phase=phase, list_section=None)
    evident = body.fields or (body.boxes and title.number is not None)
    if evident or (scope.section in TASK_LISTS and not PART_OF_TASK.match(title.text)):
        return _open_task(draft, scope, element, title)
    draft.skip(element.start, element.end, "heading")
    return replace(scope, section=scope.section if scope.section in TASK_LISTS else Section.GROUP)


def _open_plan(draft: Draft, scope: Scope, element: Element, title: Title) -> Scope:
    """`# Kind - Name`; a later heading of the first level only groups."""
    line = draft.lines[element.start]
    named = named_section(title.text)
    section = named if named and (named in RECORDS or named is Section.RISKS) else Section.PLAN
    if not draft.plan.line:
        start, end = _heading_columns(line)
        parts = _KIND_AND_NAME.split(line[start:end], maxsplit=1)
        kind, name = (parts[0], parts[1]) if len(parts) > 1 else (None, line[start:end])
        place = Place(element.start + 1, end - len(name), element.start + 1, end)
        draft.plan = refined(
            draft.plan,
            {"title": place},
            title=name,
            document_kind=kind,
            line=element.start + 1,
            end_line=element.end,
        )
    return Scope(level=scope.level, section=section)


def _open_inside_task(draft: Draft, scope: Scope, element: Element, title: Title, body: Body) -> Scope:
    signs = title.state or title.number or body.fields or body.boxes
    if not signs or PART_OF_TASK.match(title.text) or scope.task is None:
        return scope
    draft.refine_task(scope.task, {}, kind="epic")
    return _open_task(draft, scope, element, title)


def _open_task(draft: Draft, scope: Scope, element: Element, title: Title) -> Scope:
    ref = add_task(draft, scope, title, line=element.start + 1, end_line=element.end)
    return replace(scope, section=Section.TASK, task=ref)


def add_task(draft: Draft, scope: Scope, title: Title, *, line: int, end_line: int) -> str:
    """Add the task that a heading names; the ref it is given."""
    ref = draft.ref("task", title.number or title.text)
    section: State | None = SECTION_STATES.get(scope.list_section) if scope.list_section else None
    draft.tasks[ref] = Task(
        ref=ref,
        line=line,
        end_line=end_line,
        places=title.places(line),
        title=title.text,
        number=title.number,
        phase=scope.phase,
        parent=scope.task,
        glyph=title.glyph,
        word=title.word,
        completed_on=title.completed_on,
        evidence=Evidence(heading=title.state, section=section),
    )
    return ref


def _open_record(draft: Draft, scope: Scope, element: Element, title: Title) -> Scope:
    line = element.start + 1
    place = Place(line, title.start, line, title.end)
    ref = open_record(draft, scope, element, number=title.number, title=title.text, at=place)
    return replace(scope, record=ref)


def _named_phase(draft: Draft, element: Element, title: Title, *, current: bool) -> str | None:
    """The ref of the phase that a heading names, added when it is new."""
    return name_phase(draft, title, line=element.start + 1, end_line=element.end, current=current)


def name_phase(draft: Draft, title: Title, *, line: int, end_line: int, current: bool) -> str | None:
    found = PHASE.search(title.text)
    if found is None:
        return None
    name = f"{found[1].capitalize()} {found[2].upper()}"
    ref = f"phase:{name.lower().replace(' ', '-')}"
    if ref not in draft.phases:
        rest = title.text[found.end() :].strip(" \t:-–—()")
        start = title.text.find(rest, found.end()) if rest else found.end()
        place = Place(line, title.start + start, line, title.start + start + len(rest))
        draft.phases[ref] = Phase(
            ref=ref,
            line=line,
            end_line=end_line,
            ordinal=_ordinal(found[2]),
            name=name,
            subtitle=rest or None,
            places={"subtitle": place} if rest else {},
        )
    if title.state:
        draft.refine_phase(ref, title.places(line), state=PHASE_STATES[title.state])
    elif current:
        draft.refine_phase(ref, {}, state="in_progress")
    return ref


def _ordinal(text: str) -> int:
    if text.isdecimal():
        return int(text)
    digits = [_ROMAN[letter] for letter in text.lower()]
    return sum(-one if one < after else one for one, after in zip(digits, [*digits[1:], 0], strict=True))


def _heading_columns(text: str) -> tuple[int, int]:
    """The columns of a heading's words, without its marks before and behind."""
    mark = _ATX.match(text)
    start = mark.end() if mark else len(text) - len(text.lstrip(" \t\ufeff"))
    end = len(text.rstrip(" \t"))
    bare = text[:end].rstrip("#")
    if mark and len(bare) < end and bare.endswith((" ", "\t")):
        end = len(bare.rstrip(" \t"))
    return min(start, end), end
