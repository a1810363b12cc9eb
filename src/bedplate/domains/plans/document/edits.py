"""Edits to lines, gathered first and applied at once, so that no edit moves the place of another."""

from collections import defaultdict

from .entities import Place
from .lines import Line, join, main_ending


def one_line(text: str) -> str:
    """Text that stays on its line whatever a caller put into it."""
    return " ".join(text.replace("\0", " ").split())


class Edits:
    """Line numbers are 1-based and those of the original."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self._replaced: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
        self._inserted: dict[int, list[str]] = defaultdict(list)
        self._removed: set[int] = set()
        self._last: int | None = None

    def text(self, line: int) -> str:
        return self.lines[line - 1].text if 0 < line <= len(self.lines) else ""

    def at(self, place: Place) -> str:
        """What stands at a place of one line."""
        return self.text(place.line)[place.start : place.end]

    def replace(self, place: Place, text: str) -> None:
        """Put text where the place is; of a place of several lines only the first line stays."""
        last = place.end if place.line == place.end_line else len(self.text(place.line))
        self._replaced[place.line].append((place.start, last, text))
        self._removed.update(range(place.line + 1, place.end_line + 1))

    def insert_after(self, line: int, texts: list[str]) -> None:
        self._inserted[line].extend(texts)
        self._last = line

    def append_to_last(self, text: str) -> bool:
        """One more line after what was inserted last; False when nothing was."""
        if self._last is None:
            return False
        self._inserted[self._last].append(text)
        return True

    def remove(self, first: int, last: int) -> None:
        self._removed.update(range(first, last + 1))

    def blank(self, line: int) -> bool:
        return not self.text(line).strip(" \t")

    def apply(self) -> bytes:
        ending = main_ending(self.lines)
        result = [Line(text, ending) for text in self._inserted.get(0, [])]
        for number, line in enumerate(self.lines, 1):
            if number not in self._removed:
                result.append(Line(self._edited(number, line.text), line.ending))
            if added := self._inserted.get(number):
                if result and not result[-1].ending:  # the last line had no end: it does now, the new last has not
                    result[-1] = Line(result[-1].text, ending)
                    result += [Line(text, ending) for text in added[:-1]] + [Line(added[-1], "")]
                else:
                    result += [Line(text, ending) for text in added]
        return join(result).encode()

    def _edited(self, number: int, text: str) -> str:
        for start, end, new in sorted(self._replaced.get(number, ()), reverse=True):
            text = text[:start] + new + text[end:]
        return text
