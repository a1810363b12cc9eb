"""The content while it is being read: entities are added once and refined as later lines say more."""

import re
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from bedplate.domains.plans.document.entities import (
    Arrow,
    Content,
    Criterion,
    Decision,
    Deferral,
    Entity,
    Fact,
    Item,
    Lesson,
    Node,
    Note,
    Phase,
    Place,
    Plan,
    Prose,
    Risk,
    Standup,
    Task,
)

_NOT_IN_REF = re.compile(r"[^\w.]+")
_LONGEST_REF = 48


class Unread(msgspec.Struct, frozen=True):
    """Lines that told nothing; they are kept byte for byte all the same."""

    line: int
    end_line: int
    kind: str


@dataclass
class Draft:
    lines: list[str]
    plan: Plan = field(default_factory=lambda: Plan(ref="plan"))
    phases: dict[str, Phase] = field(default_factory=dict[str, Phase])
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    deferrals: dict[str, Deferral] = field(default_factory=dict[str, Deferral])
    records: dict[str, Decision | Lesson] = field(default_factory=dict[str, Decision | Lesson])
    bodies: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    items: list[Item] = field(default_factory=list[Item])
    prose: list[Prose] = field(default_factory=list[Prose])
    nodes: list[Node] = field(default_factory=list[Node])
    arrows: list[Arrow] = field(default_factory=list[Arrow])
    risks: list[Risk] = field(default_factory=list[Risk])
    criteria: list[Criterion] = field(default_factory=list[Criterion])
    facts: list[Fact] = field(default_factory=list[Fact])
    standups: list[Standup] = field(default_factory=list[Standup])
    notes: list[Note] = field(default_factory=list[Note])
    unread: list[Unread] = field(default_factory=list[Unread])
    boxes: int = 0
    _refs: Counter[str] = field(default_factory=Counter[str])

    def ref(self, kind: str, name: object) -> str:
        """`kind:name`, unique in the document: the second of a name gets `~2`."""
        words = _NOT_IN_REF.sub("-", str(name).lower()[: _LONGEST_REF * 2]).strip("-")[:_LONGEST_REF]
        ref = f"{kind}:{words or 'untitled'}"
        self._refs[ref] += 1
        return ref if self._refs[ref] == 1 else f"{ref}~{self._refs[ref]}"

    def refine_plan(self, name: str, value: object, place: Place) -> None:
        self.plan = refined(self.plan, {name: place}, **{name: value})

    def refine_phase(self, ref: str, places: dict[str, Place], **changes: object) -> None:
        self.phases[ref] = refined(self.phases[ref], places, **changes)

    def refine_task(self, ref: str, places: dict[str, Place], **changes: object) -> None:
        self.tasks[ref] = refined(self.tasks[ref], places, **changes)

    def extend_task(self, ref: str, end_line: int) -> None:
        """Let the task's own lines reach to `end_line`."""
        if self.tasks[ref].end_line < end_line:
            self.refine_task(ref, {}, end_line=end_line)

    def skip(self, start: int, end: int, kind: str) -> None:
        """Count 0-based lines as not understood."""
        if self.unread and self.unread[-1].end_line == start and self.unread[-1].kind == kind:
            self.unread[-1] = Unread(self.unread[-1].line, end, kind)
        else:
            self.unread.append(Unread(start + 1, end, kind))

    def content(self) -> Content:
        records = [
            msgspec.structs.replace(record, body="\n\n".join(self.bodies[ref]))
            for ref, record in self.records.items()
        ]
        return Content(
            plan=self.plan,
            phases=tuple(self.phases.values()),
            tasks=tuple(self.tasks.values()),
            items=tuple(self.items),
            prose=tuple(self.prose),
            nodes=tuple(self.nodes),
            arrows=tuple(self.arrows),
            deferrals=tuple(self.deferrals.values()),
            decisions=tuple(each for each in records if isinstance(each, Decision)),
            lessons=tuple(each for each in records if isinstance(each, Lesson)),
            risks=tuple(self.risks),
            criteria=tuple(self.criteria),
            facts=tuple(self.facts),
            standups=tuple(self.standups),
            notes=tuple(self.notes),
        )


def refined[E: Entity](entity: E, places: dict[str, Place], **changes: object) -> E:
    """The entity with changed fields and with places added."""
    return msgspec.structs.replace(entity, places=entity.places | places, **changes)
