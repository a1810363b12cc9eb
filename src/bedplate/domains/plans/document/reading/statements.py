"""`**Key**: value` lines: what each says of the task, the phase or the plan that it stands under."""

import re
from collections.abc import Callable

import msgspec

from bedplate.domains.plans.document.entities import Deferral, Fact, Place, Prose, Side, State
from bedplate.domains.plans.document.reading.draft import Draft, refined
from bedplate.domains.plans.document.reading.fields import Field
from bedplate.domains.plans.document.reading.sections import Scope, Section
from bedplate.domains.plans.document.reading.titles import read_title
from bedplate.domains.plans.document.values import day, effort, percent
from bedplate.domains.plans.document.words import glyph_state, priority, word_state

_METADATA = {
    "document_version": "document_version",
    "current_phase": "current_phase",
    "document_status": "status",
    "status": "status",
    "update_frequency": "update_frequency",
    "review_schedule": "review_schedule",
}
_PLAN_ONLY = {"document_version", "document_updated_on", "current_phase", "document_status"} | {
    "update_frequency",
    "review_schedule",
}
_PARTS = re.compile(r"[^,;]+")
_FIRST_WORDS = re.compile(r"[^\w\s]*\s*([^\W\d_]+(?:[ '_-][^\W\d_]+)?)")


def state_task(draft: Draft, ref: str, line: int, field: Field) -> bool:
    """What a field says of its task; False when it says nothing that is known. `line` is 1-based."""
    if not field.value and not field.name:
        return True  # `**Sub-tasks**:` only announces what follows
    reader = _TASK_FIELDS.get(field.name)
    if reader is None:
        return False
    reader(draft, ref, line, field)
    return True


def state_plan(draft: Draft, scope: Scope, line: int, field: Field) -> bool:
    """Metadata of the plan, from under its heading or from the footer; else a stated fact."""
    at_top = scope.section is Section.PLAN
    if field.name == "document_updated_on" and (found := day(field.value)):
        draft.refine_plan("document_updated_on", found, _date_place(field, line))
        return True
    if field.name in _PLAN_ONLY or (at_top and field.name == "status"):
        name = _METADATA.get(field.name)
        if name and getattr(draft.plan, name) is None:
            draft.refine_plan(name, field.value, field.place(line))
        return True
    if scope.phase and scope.section is Section.PHASE and field.name in {"start", "target"}:
        _state_phase(draft, scope.phase, line, field)
        return True
    if scope.section in {Section.PLAN, Section.PHASE, Section.TIMES} and field.value:
        state_fact(draft, scope, line, field.key, field.place(line))
        return True
    return False


def state_fact(draft: Draft, scope: Scope, line: int, key: str, place: Place) -> None:
    raw = draft.lines[line - 1][place.start : place.end]
    ref = draft.ref("fact", key)
    places = {"raw": place}
    draft.facts.append(
        Fact(ref=ref, line=line, end_line=line, places=places, key=key, raw=raw, phase=scope.phase)
    )


def _status(draft: Draft, ref: str, line: int, field: Field) -> None:
    stated = percent(field.value)
    places = {"stated_percent": field.place(line)} if stated is not None else {}
    state, place = _stated_state(draft.lines[line - 1], line, field)
    if stated is not None:
        state, place = None, None  # "80% Complete" is a share, not a state
    evidence = msgspec.structs.replace(draft.tasks[ref].evidence, status=state)
    places |= {"status": place} if place else {}
    draft.refine_task(ref, places, evidence=evidence, stated_percent=stated)


def _stated_state(text: str, line: int, field: Field) -> tuple[State | None, Place | None]:
    title = read_title("- " + field.value, 0, len(field.value) + 2)
    words = _FIRST_WORDS.match(field.value)
    candidates = [field.value.strip("*_` "), *((words[1], words[1].split()[0]) if words else ())]
    for word in candidates:
        if (state := word_state(word)) is not None:
            start = text.find(field.value.split()[0], field.start) if field.value.split() else field.start
            return state, Place(line, start, line, text.find(word, start) + len(word))
    state = title.state or glyph_state(field.value)
    return state, field.place(line) if state else None


def _priority(draft: Draft, ref: str, line: int, field: Field) -> None:
    draft.refine_task(ref, {"priority": field.place(line)}, priority=priority(field.value) or "none")


def _effort(draft: Draft, ref: str, line: int, field: Field) -> None:
    found = effort(field.value)
    least, most = found or (None, None)
    draft.refine_task(ref, {"effort": field.place(line)}, effort_min=least, effort_max=most)


def _next_step(draft: Draft, ref: str, line: int, field: Field) -> None:
    draft.refine_task(ref, {"next_step": field.place(line)}, next_step=field.value)


def _assignee(draft: Draft, ref: str, line: int, field: Field) -> None:
    draft.refine_task(ref, {"assignee": field.place(line)}, assignee=field.value)


def _completed_on(draft: Draft, ref: str, line: int, field: Field) -> None:
    draft.refine_task(ref, {"completed_on": field.place(line)}, completed_on=day(field.value))


def _prose(draft: Draft, ref: str, line: int, field: Field) -> None:
    side: Side = "dependencies" if field.name == "dependencies" else "blocking"
    draft.refine_task(ref, {side: field.place(line)})
    for part in _PARTS.finditer(field.value):
        raw = part[0].strip()
        if not raw:
            continue
        start = field.start + part.start() + part[0].index(raw[0])
        place = Place(line, start, line, start + len(raw))
        draft.prose.append(
            Prose(
                ref=draft.ref(f"{ref}/prose", side),
                line=line,
                end_line=line,
                places={"raw": place},
                task=ref,
                side=side,
                raw=raw,
            )
        )


def _start(draft: Draft, ref: str, line: int, field: Field) -> None:
    """A task's start is its phase's when the phase states none itself."""
    phase = draft.tasks[ref].phase
    if phase and draft.phases[phase].start_on is None and draft.phases[phase].start_text is None:
        _state_phase(draft, phase, line, field)
    else:
        draft.refine_task(ref, {"start": field.place(line)})


def _state_phase(draft: Draft, ref: str, line: int, field: Field) -> None:
    """A date, or the words that stand for one: `start` and `target` each have both fields."""
    found = day(field.value)
    name, value = (f"{field.name}_on", found) if found else (f"{field.name}_text", field.value)
    draft.refine_phase(ref, {name: field.place(line)}, **{name: value})


def _target(draft: Draft, ref: str, line: int, field: Field) -> None:
    draft.refine_task(ref, {"target": field.place(line)})


def _deferral(draft: Draft, ref: str, line: int, field: Field) -> None:
    known = draft.deferrals.get(ref) or Deferral(ref=draft.ref("deferral", ref), task=ref, line=line)
    place = {field.name: field.place(line)}
    draft.deferrals[ref] = refined(known, place, end_line=line, **{field.name: field.value})


def _date_place(field: Field, line: int) -> Place:
    found = day(field.value)
    offset = field.value.find(found.isoformat()) if found else 0
    start = field.start + max(offset, 0)
    return Place(line, start, line, start + len("2000-01-01"))


_TASK_FIELDS: dict[str, Callable[[Draft, str, int, Field], None]] = {
    "status": _status,
    "priority": _priority,
    "effort": _effort,
    "next_step": _next_step,
    "assignee": _assignee,
    "completed_on": _completed_on,
    "dependencies": _prose,
    "blocking": _prose,
    "start": _start,
    "target": _target,
    "original_issue": _deferral,
    "decision": _deferral,
    "reason": _deferral,
}
TASK_FIELDS = frozenset(_TASK_FIELDS)
