"""List items: their bullet, their checkbox if they have one, and their text with its columns."""

import re
from dataclasses import dataclass

_BULLETS = re.compile(r"\ufeff?(?:[ \t>]|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$))*")
_ORDINAL = re.compile(r"(\d{1,9})[.)]")
_BOX = re.compile(r"\[([^\[\]])\ufe0f?\](?=[ \t]|$)[ \t]*")
_BOLD_LEAD = re.compile(r"(\*\*|__)([^*\r\n]{1,200}?)(:?)\1[ \t]*(:?)[ \t]*")


@dataclass(frozen=True, slots=True)
class ListItem:
    """Columns are those of the item's first line. `marker` is None without a box."""

    text: str
    start: int
    end: int
    marker: str | None = None
    marker_at: int = 0
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """`**Title**: text`; without the bold, the title is the text whole."""

    title: str
    title_start: int
    text: str
    text_start: int


def read_item(line: str) -> ListItem:
    bullets = _BULLETS.match(line)
    start = bullets.end() if bullets else 0
    ordinals = _ORDINAL.findall(line[:start])
    ordinal = int(ordinals[-1]) if ordinals else None
    end = max(len(line.rstrip(" \t\\")), start)
    if box := _BOX.match(line, start):
        text_start = min(box.end(), end)
        return ListItem(line[text_start:end], text_start, max(end, text_start), box[1], box.start(1), ordinal)
    return ListItem(line[start:end], start, end, ordinal=ordinal)


def read_lead(line: str, item: ListItem) -> Lead:
    bold = _BOLD_LEAD.match(line, item.start, item.end)
    if bold is None:
        return Lead(item.text, item.start, "", item.end)
    return Lead(bold[2], bold.start(2), line[bold.end() : item.end], bold.end())
