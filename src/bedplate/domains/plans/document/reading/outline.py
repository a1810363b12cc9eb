"""A document as a flat list of elements with their source lines, in document order.

markdown-it-py is asked for block structure only: which lines are a heading, a list item, a fence. What they
say is read from the source lines themselves, so that columns stay true.
"""

from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bedplate.domains.plans.document.lines import Line, as_markdown

type Kind = Literal["heading", "paragraph", "item", "fence", "table", "code", "html", "rule"]
type BlockKind = Literal[
    "heading", "paragraph", "list", "fence", "table", "code", "html", "rule", "quote", "gap", "other"
]

# Link definitions are left in their paragraphs: nothing here follows a link.
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table").disable("reference")

_ELEMENTS: dict[str, Kind] = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "list_item_open": "item",
    "fence": "fence",
    "table_open": "table",
    "code_block": "code",
    "html_block": "html",
    "hr": "rule",
}
_BLOCKS: dict[str, BlockKind] = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "fence": "fence",
    "table_open": "table",
    "code_block": "code",
    "html_block": "html",
    "hr": "rule",
    "blockquote_open": "quote",
}


@dataclass(frozen=True, slots=True)
class Element:
    """Lines are 0-based here, the end exclusive. `level` is a heading's, or an item's list depth from 0."""

    kind: Kind
    start: int
    end: int
    level: int = 0
    info: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The lines of one top-level block, or of a gap between two."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Outline:
    elements: list[Element]
    stretches: list[Stretch]


def outline(lines: list[Line]) -> Outline:
    tokens: list[Token] = []
    if lines:
        _MARKDOWN.block.parse(as_markdown(lines), _MARKDOWN, {}, tokens)
    return Outline(_elements(tokens, lines), _stretches(tokens, lines))


def _elements(tokens: list[Token], lines: list[Line]) -> list[Element]:
    found: list[Element] = []
    depth, items = 0, 0
    for token in tokens:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            depth += 1
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            depth -= 1
        items += (token.type == "list_item_open") - (token.type == "list_item_close")
        kind = _ELEMENTS.get(token.type)
        if kind is None or token.map is None or (items and kind in {"paragraph", "heading"}):
            continue  # a paragraph inside an item is the item's own text
        if kind == "item" and found and found[-1].kind == "item" and found[-1].start == token.map[0]:
            continue  # "- - x": two items on one line are read as one
        level = int(token.tag[1:]) if kind == "heading" else depth - 1
        start, end = token.map[0], _without_blank_end(lines, token.map[0], token.map[1])
        found.append(Element(kind, start, end, level, token.info))
    return found


def _stretches(tokens: list[Token], lines: list[Line]) -> list[Stretch]:
    found: list[Stretch] = []
    position = 0
    for token in tokens:
        if token.level != 0 or token.map is None or token.nesting < 0:
            continue
        start, end = token.map[0], _without_blank_end(lines, token.map[0], token.map[1])
        if start < position:
            continue
        if start > position:
            found.append(Stretch("gap", position, start))
        found.append(Stretch(_BLOCKS.get(token.type, "other"), start, end))
        position = end
    if position < len(lines):
        found.append(Stretch("gap", position, len(lines)))
    return found


def _without_blank_end(lines: list[Line], start: int, end: int) -> int:
    end = min(end, len(lines))
    while end > start + 1 and not lines[end - 1].text.strip(" \t"):
        end -= 1
    return end
