"""From bytes to what a living document says: one walk over its elements with a stack of headings."""

import hashlib

import msgspec

from bedplate.domains.plans.document.entities import Arrow, Content, Entity, Node, Place
from bedplate.domains.plans.document.lines import decode, split
from bedplate.domains.plans.document.reading.blocks import Block, cut
from bedplate.domains.plans.document.reading.boxes import read_item
from bedplate.domains.plans.document.reading.draft import Draft, Unread
from bedplate.domains.plans.document.reading.fields import read_field
from bedplate.domains.plans.document.reading.flowchart import read_flowchart
from bedplate.domains.plans.document.reading.headings import Body, open_heading
from bedplate.domains.plans.document.reading.items import BoxOwner, read_list_item
from bedplate.domains.plans.document.reading.outline import Element, outline
from bedplate.domains.plans.document.reading.records import extend_record
from bedplate.domains.plans.document.reading.resolve import resolve
from bedplate.domains.plans.document.reading.sections import Scope, Section
from bedplate.domains.plans.document.reading.statements import TASK_FIELDS, state_fact, state_plan, state_task
from bedplate.domains.plans.document.reading.tables import read_table
from bedplate.domains.plans.document.words import word_state

# A task's signs stand near its heading; looking further would make many headings cost their square.
_BODY_REACH = 40
_MOST_NODES = 5_000


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the reading yielded, and the lines that told nothing. `boxes` is every checkbox outside code."""

    lines: int
    blocks: int
    boxes: int
    counts: dict[str, int]
    unread: tuple[Unread, ...]
    unread_lines: int


class Document(msgspec.Struct, frozen=True, kw_only=True):
    sha256: str
    blocks: tuple[Block, ...]
    content: Content
    report: Report

    @property
    def raw(self) -> bytes:
        """The bytes that were read."""
        return b"".join(block.raw for block in self.blocks)


def parse(data: bytes) -> Document:
    """Read any UTF-8 text. Raises DocumentNotUtf8."""
    lines = split(decode(data))
    outlined = outline(lines)
    reader = _Reader([line.text for line in lines])
    reader.read(outlined.elements)
    draft = reader.draft
    resolve(draft)
    content = draft.content()
    blocks = cut(lines, outlined.stretches, _owners(content))
    return Document(
        sha256=hashlib.sha256(data).hexdigest(),
        blocks=blocks,
        content=content,
        report=_report(draft, content, len(lines), len(blocks)),
    )


class _Reader:
    def __init__(self, texts: list[str]) -> None:
        self.draft = Draft(texts)
        self.scopes = [Scope(level=0, section=Section.PLAN)]
        self.owner = BoxOwner()
        self.opaque_until = 0

    def read(self, elements: list[Element]) -> None:
        for index, element in enumerate(elements):
            if element.kind == "heading":
                self._heading(element, _body(self.draft.lines, elements, index))
            elif element.start >= self.opaque_until and not self._understood(element):
                self.draft.skip(element.start, element.end, element.kind)

    def _heading(self, element: Element, body: Body) -> None:
        while len(self.scopes) > 1 and self.scopes[-1].level >= element.level:
            self.scopes.pop()
        self.scopes.append(open_heading(self.draft, self.scopes[-1], element, body))
        self.owner = BoxOwner(counts=self.owner.counts)

    def _understood(self, element: Element) -> bool:
        scope = self.scopes[-1]
        if element.kind == "item":
            return read_list_item(self.draft, scope, element, self.owner)
        if scope.task:
            self.draft.extend_task(scope.task, element.end)
        if element.kind == "paragraph":
            self._paragraph(scope, element)
            return True
        if element.kind == "table":
            return read_table(self.draft, scope, element)
        if element.kind == "fence" and element.info.strip().lower().startswith("mermaid"):
            return self._graph(element)
        return element.kind == "rule"

    def _paragraph(self, scope: Scope, element: Element) -> None:
        self.owner.ref = None
        if scope.record:
            extend_record(self.draft, scope.record, element)
            return
        for index in range(element.start, element.end):
            if not self._statement(scope, index):
                self.draft.skip(index, index + 1, "paragraph")

    def _statement(self, scope: Scope, index: int) -> bool:
        field = read_field(self.draft.lines[index])
        if field and scope.task and state_task(self.draft, scope.task, index + 1, field):
            return True
        if field:
            return state_plan(self.draft, scope, index + 1, field)
        if scope.section is Section.BLOCKED:
            item = read_item(self.draft.lines[index])
            place = Place(index + 1, item.start, index + 1, item.end)
            state_fact(self.draft, scope, index + 1, "blocked", place)
            return True
        return False

    def _graph(self, element: Element) -> bool:
        first = element.start + 1
        chart = read_flowchart(self.draft.lines[first : max(element.end - 1, first)])
        if chart is None or len(chart.nodes) > _MOST_NODES:
            return False
        for node in chart.nodes:
            line = first + node.line + 1
            places = {"label": Place(line, node.start, line, node.end)} if node.end > node.start else {}
            self.draft.nodes.append(
                Node(
                    ref=self.draft.ref("node", node.id), line=line, end_line=line, places=places,
                    mermaid_id=node.id, label=node.label,
                )
            )  # fmt: skip
        for arrow in chart.arrows:
            line = first + arrow.line + 1
            ref = self.draft.ref("arrow", f"{arrow.source}.{arrow.target}")
            self.draft.arrows.append(
                Arrow(ref=ref, line=line, end_line=line, source=arrow.source, target=arrow.target)
            )
        return True


def _body(lines: list[str], elements: list[Element], index: int) -> Body:
    boxes = fields = False
    for element in elements[index + 1 : index + 1 + _BODY_REACH]:
        if element.kind == "heading":
            break
        if element.kind == "item":
            boxes = boxes or read_item(lines[element.start]).marker is not None
        if element.kind in {"item", "paragraph"}:
            fields = fields or any(
                _is_task_field(lines[i]) for i in range(element.start, min(element.end, element.start + 20))
            )
    return Body(boxes=boxes, fields=fields)


def _is_task_field(line: str) -> bool:
    found = read_field(line)
    if found is None or found.name not in TASK_FIELDS:
        return False
    return found.name != "status" or word_state(found.value.strip("*_` ")) is not None


def _owners(content: Content) -> dict[int, str]:
    """The entity that stands on each 0-based line; the first named wins, and tasks go before their items."""
    owners: dict[int, str] = {}
    for group in _groups(content).values():
        for entity in group:
            if entity.line:
                owners.setdefault(entity.line - 1, entity.ref)
    for task in content.tasks:
        for place in task.places.values():
            owners.setdefault(place.line - 1, task.ref)
    return owners


def _groups(content: Content) -> dict[str, tuple[Entity, ...]]:
    return {
        "plans": (content.plan,) if content.plan.line else (),
        "tasks": content.tasks,
        "items": content.items,
        "phases": content.phases,
        "prose": content.prose,
        "nodes": content.nodes,
        "arrows": content.arrows,
        "deferrals": content.deferrals,
        "decisions": content.decisions,
        "lessons": content.lessons,
        "risks": content.risks,
        "criteria": content.criteria,
        "facts": content.facts,
        "standups": content.standups,
        "notes": content.notes,
    }


def _report(draft: Draft, content: Content, lines: int, blocks: int) -> Report:
    return Report(
        lines=lines,
        blocks=blocks,
        boxes=draft.boxes,
        counts={name: len(group) for name, group in _groups(content).items()},
        unread=tuple(draft.unread),
        unread_lines=sum(each.end_line - each.line + 1 for each in draft.unread),
    )
