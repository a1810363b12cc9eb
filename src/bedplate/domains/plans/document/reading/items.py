"""What a list item says, by the section that it stands in."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bedplate.domains.plans.document.entities import (
    Criterion,
    Evidence,
    Item,
    Level,
    Note,
    Place,
    Risk,
    Shape,
    Standup,
    State,
    Task,
)
from bedplate.domains.plans.document.reading.boxes import ListItem, read_item, read_lead
from bedplate.domains.plans.document.reading.draft import Draft
from bedplate.domains.plans.document.reading.fields import read_field
from bedplate.domains.plans.document.reading.outline import Element
from bedplate.domains.plans.document.reading.records import read_record
from bedplate.domains.plans.document.reading.sections import (
    SECTION_STATES,
    TASK_LISTS,
    Scope,
    Section,
)
from bedplate.domains.plans.document.reading.statements import state_fact, state_plan, state_task
from bedplate.domains.plans.document.reading.titles import Title, read_title
from bedplate.domains.plans.document.values import measure
from bedplate.domains.plans.document.words import marker_state, priority, says_none

_LEVELS: dict[str, Level] = {"critical": "high", "high": "high", "medium": "medium", "low": "low"}


@dataclass
class BoxOwner:
    """The task that a box outside any task's heading is, while deeper boxes belong to it."""

    ref: str | None = None
    depth: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])


def read_list_item(draft: Draft, scope: Scope, element: Element, owner: BoxOwner) -> bool:
    """Add what the item stands for; False when that is not known."""
    item = read_item(draft.lines[element.start])
    if item.marker is not None:
        draft.boxes += 1
    if owner.ref and element.level <= owner.depth:
        owner.ref = None
    if scope.section is Section.CRITERIA:
        return _criterion(draft, scope, element, item)
    if scope.section is Section.TASK and scope.task:
        return _under_task(draft, scope.task, element, item, owner)
    if owner.ref and item.marker is not None:
        return _checklist(draft, owner.ref, element, item, owner)
    if item.marker is not None:
        owner.ref, owner.depth = _own_task(draft, scope, element, item, "box"), element.level
        return True
    if owner.ref:
        return _note_or_field(draft, owner.ref, element, item)
    return _plain(draft, scope, element, item, owner)


def _plain(draft: Draft, scope: Scope, element: Element, item: ListItem, owner: BoxOwner) -> bool:
    """A bullet without a box, outside any task."""
    reader = _PLAIN.get(scope.section)
    if reader:
        return reader(draft, scope, element, item)
    listed = scope.section in TASK_LISTS or scope.section is Section.PHASE
    title = read_title(draft.lines[element.start], item.start, item.end)
    tells = title.state or scope.section in {Section.COMPLETED, Section.UPCOMING, Section.DEFERRED}
    if listed and tells and element.level == 0 and not says_none(item.text):
        owner.ref, owner.depth = _own_task(draft, scope, element, item, "bullet"), element.level
        return True
    return listed and says_none(item.text)


def _blocked(draft: Draft, scope: Scope, element: Element, item: ListItem) -> bool:
    line = element.start + 1
    state_fact(draft, scope, line, "blocked", Place(line, item.start, line, item.end))
    return True


def _stated(draft: Draft, scope: Scope, element: Element, item: ListItem) -> bool:
    found = read_field(draft.lines[element.start]) if item.text else None
    return found is not None and state_plan(draft, scope, element.start + 1, found)


def _under_task(draft: Draft, task: str, element: Element, item: ListItem, owner: BoxOwner) -> bool:
    draft.extend_task(task, element.end)
    if item.marker is not None:
        return _checklist(draft, task, element, item, owner)
    return _note_or_field(draft, task, element, item)


def _note_or_field(draft: Draft, task: str, element: Element, item: ListItem) -> bool:
    line = element.start + 1
    found = read_field(draft.lines[element.start])
    if found and found.name and state_task(draft, task, line, found):
        return True
    places = {"text": Place(line, item.start, line, item.end)}
    ref = draft.ref(f"{task}/note", len(draft.notes) + 1)
    draft.notes.append(
        Note(ref=ref, line=line, end_line=element.end, places=places, task=task, text=item.text)
    )
    return True


def _checklist(draft: Draft, task: str, element: Element, item: ListItem, owner: BoxOwner) -> bool:
    line, marker = element.start + 1, item.marker or " "
    owner.counts[task] = owner.counts.get(task, 0) + 1
    draft.extend_task(task, element.end)
    draft.items.append(
        Item(
            ref=draft.ref(f"{task}/item", owner.counts[task]),
            line=line,
            end_line=element.end,
            places=_box_places(line, item),
            task=task,
            text=item.text,
            marker=marker,
            done=marker_state(marker) == "completed",
        )
    )
    return True


def _own_task(draft: Draft, scope: Scope, element: Element, item: ListItem, shape: Shape) -> str:
    """A box or bullet that is itself a task: rule 6."""
    line = element.start + 1
    title: Title = read_title(draft.lines[element.start], item.start, item.end)
    box: State | None = marker_state(item.marker) if item.marker is not None else None
    section = SECTION_STATES.get(scope.section)
    ref = draft.ref("task", title.number or title.text)
    places = title.places(line)
    if item.marker is not None:
        places["marker"] = Place(line, item.marker_at, line, item.marker_at + 1)
    draft.tasks[ref] = Task(
        ref=ref,
        line=line,
        end_line=element.end,
        places=places,
        title=title.text,
        number=title.number,
        phase=scope.phase,
        glyph=title.glyph,
        word=title.word,
        completed_on=title.completed_on,
        shape=shape,
        evidence=Evidence(heading=title.state, boxes=box, section=section),
    )
    return ref


def _criterion(draft: Draft, scope: Scope, element: Element, item: ListItem) -> bool:
    line = element.start + 1
    found = measure(item.text)
    draft.criteria.append(
        Criterion(
            ref=draft.ref("criterion", len(draft.criteria) + 1),
            line=line,
            end_line=element.end,
            places=_box_places(line, item),
            text=item.text,
            phase=scope.phase,
            marker=item.marker,
            met=item.marker is not None and marker_state(item.marker) == "completed",
            comparison=found.comparison,
            target=found.target,
            current=found.current,
            unit=found.unit,
        )
    )
    return True


def _standup(draft: Draft, scope: Scope, element: Element, item: ListItem) -> bool:
    line = element.start + 1
    if scope.question is None or says_none(item.text):
        return scope.question is not None
    ref = draft.ref(f"standup:{scope.question}", len(draft.standups) + 1)
    places = {"text": Place(line, item.start, line, item.end)}
    draft.standups.append(
        Standup(ref=ref, line=line, end_line=element.end, places=places, kind=scope.question, text=item.text)
    )
    return True


def _risk(draft: Draft, scope: Scope, element: Element, item: ListItem) -> bool:
    line = element.start + 1
    lead = read_lead(draft.lines[element.start], item)
    found = priority(lead.title)
    if not lead.text or found is None or found not in _LEVELS:
        return False
    ref = draft.ref("risk", len(draft.risks) + 1)
    place = Place(line, lead.text_start, line, lead.text_start + len(lead.text))
    draft.risks.append(
        Risk(
            ref=ref, line=line, end_line=element.end, places={"text": place}, level=_LEVELS[found],
            text=lead.text, phase=scope.phase,
        )
    )  # fmt: skip
    return True


def _box_places(line: int, item: ListItem) -> dict[str, Place]:
    places = {"text": Place(line, item.start, line, item.end)}
    if item.marker is not None:
        places["marker"] = Place(line, item.marker_at, line, item.marker_at + 1)
    return places


_PLAIN: dict[Section, Callable[[Draft, Scope, Element, ListItem], bool]] = {
    Section.DECISIONS: read_record,
    Section.LESSONS: read_record,
    Section.STANDUP: _standup,
    Section.RISKS: _risk,
    Section.BLOCKED: _blocked,
    Section.TIMES: _stated,
    Section.PLAN: _stated,
}
