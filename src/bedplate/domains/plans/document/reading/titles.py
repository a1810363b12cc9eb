"""The grammar of a task's title line: `2. Title ⚠️ PENDING`, `✅ Title (2025-01-25)`, `[DONE] Title`."""

import re
from dataclasses import dataclass
from datetime import date

from bedplate.domains.plans.document.entities import Place, State
from bedplate.domains.plans.document.values import day
from bedplate.domains.plans.document.words import GLYPH_RUN, WORD_CHOICE, glyph_state, word_state

# A longer line is prose: it is taken as the title whole, and the patterns below stay cheap.
LONGEST = 400

_NUMBER = re.compile(
    r"(?:(?:task|step|item|issue)[ \t]+)?#?(?P<plain>\d{1,6}(?:\.\d{1,4}){0,5}|[A-Z]{1,8}-?\d{1,6})"
    r"(?:[.):]+[ \t]+|[ \t]+[-–—:][ \t]+)|(?P<dotted>\d{1,6}(?:\.\d{1,4}){1,5})[ \t]+",
    re.IGNORECASE,
)
_PREFIX_GLYPH = re.compile(rf"({GLYPH_RUN})[ \t]+")
_PREFIX_WORD = re.compile(rf"\[({WORD_CHOICE})\][ \t]+", re.IGNORECASE)
_SUFFIX_DATE = re.compile(r"[ \t]*[(\[]?\d{4}-\d{2}-\d{2}[)\]]?$")
_SUFFIX_GLYPH = re.compile(
    rf"[ \t]*({GLYPH_RUN})[ \t]*(?:[*_]{{0,2}}({WORD_CHOICE})[*_]{{0,2}})?$", re.IGNORECASE
)
_SUFFIX_BRACKET = re.compile(rf"[ \t]*[(\[]({GLYPH_RUN})?[ \t]*({WORD_CHOICE})[)\]]$", re.IGNORECASE)
_SUFFIX_WORD = re.compile(
    rf"[ \t]*(?:[-–—|][ \t]+|:[ \t]*)[*_]{{0,2}}({WORD_CHOICE})[*_]{{0,2}}$", re.IGNORECASE
)
_SUFFIX_CAPITALS = re.compile(rf"[ \t]+[*_]{{0,2}}({WORD_CHOICE.upper()})[*_]{{0,2}}$")


@dataclass(frozen=True, slots=True)
class Title:
    """Columns are those of the whole line. `state_at` spans the glyph and the word together."""

    text: str
    start: int
    end: int
    number: str | None = None
    glyph: str | None = None
    word: str | None = None
    state: State | None = None
    state_at: tuple[int, int] | None = None
    completed_on: date | None = None

    def places(self, line: int) -> dict[str, Place]:
        found = {"title": Place(line, self.start, line, self.end)}
        if self.state_at:
            found["state"] = Place(line, self.state_at[0], line, self.state_at[1])
        return found


def read_title(line: str, start: int, end: int) -> Title:
    """Read `line[start:end]`; what is neither number, state nor date is the title."""
    if end - start > LONGEST:
        return Title(line[start:end], start, end)
    glyph, word, state_at = None, None, None
    number, completed_on = None, None
    if lead := _PREFIX_WORD.match(line, start, end):
        word, state_at, start = lead[1], lead.span(1), lead.end()
    for _ in range(2):  # a glyph stands before or after the number
        if state_at is None and (lead := _PREFIX_GLYPH.match(line, start, end)) and glyph_state(lead[1]):
            glyph, state_at, start = lead[1], lead.span(1), lead.end()
        if number is None and (lead := _NUMBER.match(line, start, end)) and lead.end() < end:
            number, start = lead["plain"] or lead["dotted"], lead.end()
    if tail := _SUFFIX_DATE.search(line, start, end):
        completed_on = day(tail[0])
        end = tail.start() if completed_on and tail.start() > start else end
    if state_at is None and (stated := _suffix(line, start, end)):
        glyph, word, state_at, end = stated
    title_end = len(line[:end].rstrip(" \t"))
    state = (word_state(word) if word else None) or (glyph_state(glyph) if glyph else None)
    text = line[start:title_end]
    return Title(text, start, max(title_end, start), number, glyph, word, state, state_at, completed_on)


def _suffix(line: str, start: int, end: int) -> tuple[str | None, str | None, tuple[int, int], int] | None:
    """The state at the end of a title: glyph, word, its columns, and where the title ends before it."""
    for pattern in (_SUFFIX_GLYPH, _SUFFIX_BRACKET):
        found = pattern.search(line, start, end)
        if found and found.start() > start and (found[2] or glyph_state(found[1])):
            first = found.start(1) if found[1] else found.start(2)
            return found[1], found[2], (first, found.end(2) if found[2] else found.end(1)), found.start()
    for pattern in (_SUFFIX_WORD, _SUFFIX_CAPITALS):
        found = pattern.search(line, start, end)
        if found and found.start() > start:
            return None, found[1], found.span(1), found.start()
    return None
