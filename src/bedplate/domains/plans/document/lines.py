"""Source text as lines that join back to it exactly.

Only CRLF, LF and a lone CR end a line, as in CommonMark 2.1; `str.splitlines` would also cut at form feeds and
U+2028 and is never used.
"""

import re
from dataclasses import dataclass

from bedplate.domains.plans.document.errors import DocumentNotUtf8

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    ending: str

    @property
    def raw(self) -> str:
        return self.text + self.ending


def decode(data: bytes) -> str:
    """Strict UTF-8, a byte order mark kept as its character. Raises DocumentNotUtf8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise DocumentNotUtf8(fault.start) from None


def split(text: str) -> list[Line]:
    """Lines with their endings; a text that ends in a line end has no empty line after it."""
    return [Line(match[1], match[2]) for match in _LINE.finditer(text) if match[0]]


def join(lines: list[Line]) -> str:
    return "".join(line.raw for line in lines)


def main_ending(lines: list[Line]) -> str:
    """The line end that the text uses first, for lines that are added to it."""
    return next((line.ending for line in lines if line.ending), "\n")


def as_markdown(lines: list[Line]) -> str:
    """The text for a Markdown parser: the same lines ended by LF, without what it would replace."""
    text = "\n".join(line.text for line in lines).replace("\0", "\ufffd")
    return text.removeprefix(BOM)
