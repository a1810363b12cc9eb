"""`**Key**: value` lines, with the colon inside or outside the bold, in a paragraph or a bullet."""

import re
from dataclasses import dataclass

from bedplate.domains.plans.document.entities import Place

_BOLD = re.compile(r"[ \t>\ufeff]*(?:[-*+][ \t]+)?(\*\*|__)([^*:\r\n]{1,60}?)(:?)\1[ \t]*(:?)[ \t]*")
_PLAIN = re.compile(r"[ \t>\ufeff]*(?:[-*+][ \t]+)?([^\W\d_][\w /-]{1,40}):(?:[ \t]+|$)")

_ALIASES: dict[str, tuple[str, ...]] = {
    "status": ("status", "state"),
    "priority": ("priority",),
    "effort": ("estimated effort", "effort", "estimate", "estimated time", "time estimate", "duration"),
    "next_step": ("next step", "next steps"),
    "dependencies": ("dependencies", "depends on", "dependency", "blocked by", "requires"),
    "blocking": ("blocking", "blocks"),
    "start": ("start date", "start", "starts"),
    "target": ("target", "target date", "target completion", "due", "due date", "deadline"),
    "completed_on": ("completed on", "completed", "completion date", "date completed"),
    "assignee": ("assignee", "owner", "assigned to"),
    "original_issue": ("original issue",),
    "decision": ("decision",),
    "reason": ("reason",),
    "mitigation": ("mitigation",),
    "document_version": ("document version", "version"),
    "document_updated_on": ("last updated", "updated", "last update"),
    "current_phase": ("current phase",),
    "document_status": ("document status",),
    "update_frequency": ("update frequency",),
    "review_schedule": ("review schedule",),
}
_CANONICAL = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}


@dataclass(frozen=True, slots=True)
class Field:
    """`key` as written; `name` is its canonical name, or empty when the key is not one that is known."""

    key: str
    name: str
    value: str
    start: int
    end: int

    def place(self, line: int) -> Place:
        return Place(line, self.start, line, self.end)


def read_field(text: str) -> Field | None:
    """A bold key is always a field; a plain one only if it is a known key."""
    if (bold := _BOLD.match(text)) and (bold[3] or bold[4]):
        return _field(text, bold[2], bold.end())
    if (plain := _PLAIN.match(text)) and _name(plain[1]):
        return _field(text, plain[1], plain.end())
    return None


def _field(text: str, key: str, start: int) -> Field:
    value = text[start:].rstrip(" \t\\")
    return Field(key.strip(), _name(key), value, start, start + len(value))


def _name(key: str) -> str:
    return _CANONICAL.get(" ".join(key.lower().split()), "")
