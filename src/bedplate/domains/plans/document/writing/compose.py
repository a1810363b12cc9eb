"""A whole new document for a plan that never had one, in the form that the reader knows best."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from bedplate.domains.plans.document.entities import (
    Content,
    Criterion,
    Decision,
    Lesson,
    Phase,
    Risk,
    Side,
    Standup,
    StandupKind,
    Task,
)
from bedplate.domains.plans.document.words import WRITTEN_GLYPHS, WRITTEN_WORDS
from bedplate.domains.plans.document.writing.edits import one_line
from bedplate.domains.plans.document.writing.sheets import (
    deferral_fields,
    field_lines,
    numbered_title,
    phase_lines,
    task_fields,
)

_QUESTIONS: dict[StandupKind, str] = {
    "done": "What was completed yesterday?",
    "today": "What will be worked on today?",
    "blocker": "What blockers exist?",
}
_DEEPEST = 6


def compose(content: Content) -> bytes:
    """A living document that reads back as the same plan; ends with a line end."""
    composer = _Composer(content)
    return ("\n".join(composer.lines()).rstrip("\n") + "\n").encode()


class _Composer:
    def __init__(self, content: Content) -> None:
        self.content = content
        self.children: dict[str, list[Task]] = {}
        known = {task.ref for task in content.tasks}
        for task in content.tasks:
            if task.parent in known and task.parent != task.ref:
                self.children.setdefault(task.parent, []).append(task)
        self.names = {
            task.ref: f"Task {task.number}" if task.number else task.title for task in content.tasks
        }
        self.items = _grouped(content.items)
        self.notes = _grouped(content.notes)
        self.deferrals = _grouped(content.deferrals)
        self.prose = _grouped(content.prose)
        self.blockers: defaultdict[str, list[str]] = defaultdict(list)
        for link in content.links:
            if link.origin == "api" and link.blocker in self.names:
                self.blockers[link.blocked].append(self.names[link.blocker])
        under = {task.ref for children in self.children.values() for task in children}
        phases = {phase.ref for phase in content.phases}
        self.roots: defaultdict[str | None, list[Task]] = defaultdict(list)
        for task in content.tasks:
            if task.ref not in under:
                self.roots[task.phase if task.phase in phases else None].append(task)

    def lines(self) -> list[str]:
        plan = self.content.plan
        title = " - ".join(one_line(part) for part in (plan.document_kind, plan.title) if part)
        made = [f"# {title or 'Plan'}", "", *self._metadata(), ""]
        for phase in sorted(self.content.phases, key=lambda each: each.ordinal):
            made += [*phase_lines(phase), *self._written(self.roots[phase.ref])]
        if self.roots[None]:
            made += ["## Tasks", "", *self._written(self.roots[None])]
        return [
            *made,
            *self._graph(),
            *self._criteria(),
            *self._facts(),
            *self._risks(),
            *self._standup(),
            *self._records(),
        ]

    def _metadata(self) -> list[str]:
        plan = self.content.plan
        updated = plan.document_updated_on
        return field_lines(
            {
                "Document Version": plan.document_version,
                "Last Updated": updated.isoformat() if updated else None,
                "Current Phase": plan.current_phase,
                "Document Status": plan.status,
                "Update Frequency": plan.update_frequency,
                "Review Schedule": plan.review_schedule,
            }
        )

    def _written(self, roots: Sequence[Task]) -> list[str]:
        """Tasks with their children one level deeper, without recursion: plans may nest without end."""
        made: list[str] = []
        pending = [(task, 3) for task in reversed(roots)]
        while pending:
            task, level = pending.pop()
            made += self._task(task, level)
            pending += [
                (child, min(level + 1, _DEEPEST)) for child in reversed(self.children.get(task.ref, []))
            ]
        return made

    def _task(self, task: Task, level: int) -> list[str]:
        state = f"{WRITTEN_GLYPHS[task.state]} {WRITTEN_WORDS[task.state]}"
        heading = f"{'#' * level} {numbered_title(task)} {state}"
        sides: dict[Side, list[str]] = {"dependencies": [], "blocking": []}
        for prose in self.prose[task.ref]:
            sides[prose.side].append(prose.raw)
        parts = (
            task_fields(task),
            [line for deferral in self.deferrals[task.ref] for line in deferral_fields(deferral)],
            [f"- [{'x' if item.done else ' '}] {one_line(item.text)}" for item in self.items[task.ref]],
            [f"- {one_line(note.text)}" for note in self.notes[task.ref]],
            field_lines(
                {
                    "Dependencies": ", ".join([*sides["dependencies"], *self.blockers[task.ref]]),
                    "Blocking": ", ".join(sides["blocking"]),
                }
            ),
        )
        body = [line for part in parts if part for line in (*part, "")]
        return [heading, *(body or [""])]

    def _graph(self) -> list[str]:
        if not self.content.nodes:
            return []
        labels = (f'    {node.mermaid_id}["{one_line(node.label)}"]' for node in self.content.nodes)
        arrows = (f"    {arrow.source} --> {arrow.target}" for arrow in self.content.arrows)
        return ["## Task Dependencies Graph", "", "```mermaid", "graph TD", *labels, *arrows, "```", ""]

    def _criteria(self) -> list[str]:
        made: list[str] = []
        for phase, criteria in _by_phase(self.content, self.content.criteria):
            made += [f"## {phase}Success Criteria", ""]
            made += [f"- [{'x' if each.met else ' '}] {one_line(each.text)}" for each in criteria]
            made.append("")
        return made

    def _facts(self) -> list[str]:
        waiting = [one_line(fact.raw) for fact in self.content.facts if fact.key == "blocked"]
        facts = [fact for fact in self.content.facts if fact.key != "blocked"]
        lines = [f"- **{one_line(fact.key)}**: {one_line(fact.raw)}" for fact in facts]
        blocked = ["## Blocked Tasks", "", *(f"- {text}" for text in waiting), ""] if waiting else []
        return [*blocked, *(["## Time Tracking", "", *lines, ""] if lines else [])]

    def _risks(self) -> list[str]:
        made: list[str] = []
        for phase, risks in _by_phase(self.content, self.content.risks):
            made += [f"## {phase}Risk Assessment", ""]
            made += [f"- **{each.level.capitalize()} Risk**: {one_line(each.text)}" for each in risks]
            made.append("")
        return made

    def _standup(self) -> list[str]:
        made: list[str] = []
        for kind, question in _QUESTIONS.items():
            said = [f"- {one_line(each.text)}" for each in _of_kind(self.content.standups, kind)]
            made += [f"### {question}", *said, ""] if said else []
        return ["## Daily Standup", "", *made] if made else []

    def _records(self) -> list[str]:
        made: list[str] = []
        sections: tuple[tuple[str, Sequence[Decision | Lesson]], ...] = (
            ("Decision Log", self.content.decisions),
            ("Lessons Learned", self.content.lessons),
        )
        for section, records in sections:
            lines = [
                f"{number}. **{one_line(each.title)}**: {one_line(each.body)}".rstrip()
                for number, each in enumerate(records, 1)
            ]
            made += [f"## {section}", "", *lines, ""] if lines else []
        return made


class _OfTask(Protocol):
    @property
    def task(self) -> str: ...


def _grouped[E: _OfTask](entities: Iterable[E]) -> defaultdict[str, list[E]]:
    groups: defaultdict[str, list[E]] = defaultdict(list)
    for entity in entities:
        groups[entity.task].append(entity)
    return groups


def _of_kind(standups: Iterable[Standup], kind: StandupKind) -> list[Standup]:
    return [each for each in standups if each.kind == kind]


def _by_phase[E: Criterion | Risk](content: Content, entities: Sequence[E]) -> list[tuple[str, list[E]]]:
    """Entities under the names of their phases; those without one last."""
    phases: list[Phase | None] = [*content.phases, None]
    known = {phase.ref for phase in content.phases}
    grouped = (
        (
            f"{phase.name} " if phase else "",
            [
                each
                for each in entities
                if (each.phase if each.phase in known else None) == (phase.ref if phase else None)
            ],
        )
        for phase in phases
    )
    return [(name, members) for name, members in grouped if members]
