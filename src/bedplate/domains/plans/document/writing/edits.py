"""Edits to lines, gathered first and applied at once, so that no edit moves the place of another."""

from collections import defaultdict
from operator import itemgetter

from bedplate.domains.plans.document.entities import Place
from bedplate.domains.plans.document.lines import Line, join, main_ending

_DEEPER_THAN_ANY = 7


def one_line(text: str) -> str:
    """Text that stays on its line whatever a caller put into it."""
    return " ".join(text.replace("\0", " ").split())


class Edits:
    """Line numbers are 1-based and those of the original."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self._replaced: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
        self._inserted: dict[int, list[tuple[int, list[str]]]] = defaultdict(list)
        self._chunks: dict[str, list[str]] = {}
        self._removed: set[int] = set()

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

    def insert_after(self, line: int, texts: list[str], ref: str = "", *, level: int = 0) -> None:
        """Lines to stand after a line, 0 for the very top; `ref` names them for `continue_insert`.

        A heading gives its level: what goes on with the text before comes first, then the deepest headings.
        """
        self._inserted[line].append((-level if level else -_DEEPER_THAN_ANY, texts))
        self._chunks[ref] = texts

    def continue_insert(self, ref: str, texts: list[str]) -> bool:
        """More lines after those that were inserted under a ref; False when there are none."""
        if ref not in self._chunks:
            return False
        self._chunks[ref].extend(texts)
        return True

    def insert_chunk(self, ref: str, texts: list[str]) -> None:
        """Let later lines of `ref` follow lines that were already inserted."""
        self._chunks[ref] = texts

    def inserted(self, ref: str) -> list[str]:
        return self._chunks.get(ref, [])

    def remove(self, first: int, last: int) -> None:
        self._removed.update(range(first, last + 1))

    def blank(self, line: int) -> bool:
        return not self.text(line).strip(" \t")

    def apply(self) -> bytes:
        ending = main_ending(self.lines)
        result = [Line(text, ending) for text in self._added(0)]
        for number, line in enumerate(self.lines, 1):
            if number not in self._removed:
                result.append(Line(self._edited(number, line.text), line.ending))
            added = self._added(number)
            if added and result and not result[-1].ending:
                # The last line had no end. It gets one, and the new last line has none in its stead.
                result[-1] = Line(result[-1].text, ending)
                result += [*(Line(text, ending) for text in added[:-1]), Line(added[-1], "")]
            else:
                result += [Line(text, ending) for text in added]
        return join(result).encode()

    def _added(self, line: int) -> list[str]:
        chunks = sorted(self._inserted.get(line, ()), key=itemgetter(0))
        return [text for _, texts in chunks for text in texts]

    def _edited(self, number: int, text: str) -> str:
        for start, end, new in sorted(self._replaced.get(number, ()), reverse=True):
            text = text[:start] + new + text[end:]
        return text
