"""What can be said only once the whole document is read: states, phases, and who is meant by a phrase."""

import re

import msgspec

from bedplate.domains.plans.document.entities import Evidence, Place, State, Task
from bedplate.domains.plans.document.matching import Titles
from bedplate.domains.plans.document.reading.draft import Draft, refined
from bedplate.domains.plans.document.reading.headings import name_phase
from bedplate.domains.plans.document.reading.titles import Title
from bedplate.domains.plans.document.values import day
from bedplate.domains.plans.document.words import PHASE

_PHASE_START = re.compile(r"\bstart\b", re.IGNORECASE)
_PHASE_TARGET = re.compile(r"\btarget\b|\bdue\b|\bdeadline\b|\bend\b", re.IGNORECASE)


def resolve(draft: Draft) -> None:
    current = _current_phase(draft)
    _number_phases(draft)
    _place_facts(draft, current)
    _settle_states(draft)
    titles = Titles((task.ref, task.number, task.title) for task in draft.tasks.values())
    _match_prose(draft, titles)
    _match_nodes(draft, titles)
    _match_deferrals(draft)


def settled(evidence: Evidence) -> State:
    """Rule 1: the heading's word wins, then `**Status**`, then the section, then the boxes."""
    return evidence.heading or evidence.status or evidence.section or evidence.boxes or "pending"


def _current_phase(draft: Draft) -> str | None:
    """The phase that the metadata names; its subtitle there is preferred to a heading's."""
    stated = draft.plan.current_phase
    place = draft.plan.places.get("current_phase")
    if stated and place:
        title = Title(stated, place.start, place.end)
        ref = name_phase(draft, title, line=place.line, end_line=place.line, current=True)
        found = PHASE.search(stated)
        rest = stated[found.end() :].strip(" \t:-–—()") if found else ""
        if ref and rest:
            start = place.start + stated.index(rest)
            at = Place(place.line, start, place.line, start + len(rest))
            draft.refine_phase(ref, {"subtitle": at}, subtitle=rest)
        if ref:
            return ref
    running = (ref for ref, phase in draft.phases.items() if phase.state == "in_progress")
    return next(running, None)


def _number_phases(draft: Draft) -> None:
    """Ordinals are unique in a plan: of two with the same number the later one moves to the end."""
    taken: set[int] = set()
    for ref, phase in draft.phases.items():
        ordinal = phase.ordinal
        if ordinal in taken:
            ordinal = max(taken) + 1
            draft.refine_phase(ref, {}, ordinal=ordinal)
        taken.add(ordinal)
    draft.phases = dict(sorted(draft.phases.items(), key=lambda entry: entry[1].ordinal))


def _place_facts(draft: Draft, current: str | None) -> None:
    """Give facts their phase, and phases the dates that facts state."""
    by_name = {phase.name.lower(): ref for ref, phase in draft.phases.items()}
    for i, fact in enumerate(draft.facts):
        found = PHASE.search(fact.key)
        named = by_name.get(f"{found[1]} {found[2]}".lower()) if found else None
        ref = named or fact.phase or current
        draft.facts[i] = msgspec.structs.replace(fact, phase=ref)
        if ref and "raw" in fact.places:
            _date_phase(draft, ref, fact.key, fact.raw, fact.places["raw"])
    draft.criteria = [
        msgspec.structs.replace(criterion, phase=criterion.phase or current) for criterion in draft.criteria
    ]
    draft.risks = [msgspec.structs.replace(risk, phase=risk.phase or current) for risk in draft.risks]


def _date_phase(draft: Draft, ref: str, key: str, raw: str, place: Place) -> None:
    phase, at = draft.phases[ref], day(raw)
    if _PHASE_TARGET.search(key) and phase.target_on is None and phase.target_text is None:
        name, value = ("target_on", at) if at else ("target_text", raw)
    elif _PHASE_START.search(key) and phase.start_on is None and phase.start_text is None:
        name, value = ("start_on", at) if at else ("start_text", raw)
    else:
        return
    draft.refine_phase(ref, {name: place}, **{name: value})


def _settle_states(draft: Draft) -> None:
    done: dict[str, list[bool]] = {}
    for item in draft.items:
        done.setdefault(item.task, []).append(item.done)
    for ref, task in draft.tasks.items():
        draft.tasks[ref] = _settle(task, done.get(ref, []))


def _settle(task: Task, boxes: list[bool]) -> Task:
    evidence = task.evidence
    if boxes and evidence.boxes is None:
        state: State = "completed" if all(boxes) else "in_progress" if any(boxes) else "pending"
        evidence = msgspec.structs.replace(evidence, boxes=state)
    return refined(task, {}, evidence=evidence, state=settled(evidence))


def _match_prose(draft: Draft, titles: Titles) -> None:
    for i, prose in enumerate(draft.prose):
        found = titles.find(prose.raw, exclude=prose.task)
        draft.prose[i] = msgspec.structs.replace(
            prose, resolution=found.resolution, target=found.ref, score=found.score
        )


def _match_nodes(draft: Draft, titles: Titles) -> None:
    for i, node in enumerate(draft.nodes):
        found = titles.find(node.label)
        if found.ref:
            draft.nodes[i] = msgspec.structs.replace(node, task=found.ref)


def _match_deferrals(draft: Draft) -> None:
    for ref, deferral in draft.deferrals.items():
        found = PHASE.search(deferral.decision or "")
        if found:
            phase = f"phase:{found[1].lower()}-{found[2].lower()}"
            draft.deferrals[ref] = msgspec.structs.replace(
                deferral, until_phase=phase if phase in draft.phases else None
            )
