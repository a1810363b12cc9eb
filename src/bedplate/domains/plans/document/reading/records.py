"""Decisions and lessons, as items of a list or as headings with text below."""

import re

import msgspec

from bedplate.domains.plans.document.entities import Decision, Lesson, Place
from bedplate.domains.plans.document.reading.boxes import ListItem, read_lead
from bedplate.domains.plans.document.reading.draft import Draft, refined
from bedplate.domains.plans.document.reading.fields import read_field
from bedplate.domains.plans.document.reading.outline import Element
from bedplate.domains.plans.document.reading.sections import Scope, Section

_STATUSES = re.compile(r"\W*(proposed|accepted|rejected|superseded)\b", re.IGNORECASE)


def read_record(draft: Draft, scope: Scope, element: Element, item: ListItem) -> bool:
    """`1. **Title**: text`, a decision or a lesson by its section; further lines belong to the text."""
    if scope.record:
        return _extend(draft, scope.record, element, " ".join(_texts(draft, element)))
    if element.level:
        return False
    line, lead = element.start + 1, read_lead(draft.lines[element.start], item)
    more = _texts(draft, element)[1:]
    body = " ".join(part for part in (lead.text, *more) if part)
    last = len(draft.lines[element.end - 1].rstrip(" \t"))
    places = {
        "title": Place(line, lead.title_start, line, lead.title_start + len(lead.title)),
        "body": Place(line, lead.text_start, element.end, max(last, lead.text_start if not more else 0)),
    }
    _add(draft, scope, element, number=item.ordinal, title=lead.title, body=body, places=places)
    return True


def open_record(
    draft: Draft, scope: Scope, element: Element, *, number: str | None, title: str, at: Place
) -> str:
    """A heading under decisions or lessons; the ref of the record that it opens."""
    ordinal = int(number) if number and number.isdecimal() else None
    return _add(draft, scope, element, number=ordinal, title=title, body="", places={"title": at})


def extend_record(draft: Draft, ref: str, element: Element) -> None:
    """A paragraph below a record's heading: its status, or one more part of its text."""
    record = draft.records[ref]
    found = read_field(draft.lines[element.start])
    status = _STATUSES.match(found.value) if found and found.name == "status" else None
    if status and isinstance(record, Decision):
        draft.records[ref] = refined(record, {}, status=status[1].lower(), end_line=element.end)
        return
    last = len(draft.lines[element.end - 1].rstrip(" \t"))
    place = Place(element.start + 1, 0, element.end, last)
    _extend(draft, ref, element, " ".join(_texts(draft, element)), place)


def _extend(draft: Draft, ref: str, element: Element, text: str, place: Place | None = None) -> bool:
    """Only a text of one paragraph has a place: writing over several would lose what stands between them."""
    record, parts = draft.records[ref], draft.bodies[ref]
    parts.append(text)
    places = {name: at for name, at in record.places.items() if name != "body"}
    if place and parts == [text]:
        places["body"] = place
    draft.records[ref] = msgspec.structs.replace(record, places=places, end_line=element.end)
    return True


def _add(
    draft: Draft, scope: Scope, element: Element, *, number: int | None, title: str, body: str,
    places: dict[str, Place],
) -> str:  # fmt: skip
    made, kind = (Decision, "decision") if scope.section is Section.DECISIONS else (Lesson, "lesson")
    ref = draft.ref(kind, number or title)
    draft.bodies[ref] = [body] if body else []
    draft.records[ref] = made(
        ref=ref,
        line=element.start + 1,
        end_line=element.end,
        places=places,
        title=title,
        number=number,
    )
    return ref


def _texts(draft: Draft, element: Element) -> list[str]:
    return [draft.lines[index].strip(" \t\\") for index in range(element.start, element.end)]
