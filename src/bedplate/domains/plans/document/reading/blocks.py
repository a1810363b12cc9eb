"""The stored form of a document: top-level blocks and the gaps between, which join to the bytes as they came."""

import hashlib

import msgspec

from bedplate.domains.plans.document.lines import Line, join
from bedplate.domains.plans.document.reading.outline import BlockKind, Stretch


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """`entity` is the ref of what the block stands for. Lines are 1-based and inclusive."""

    ordinal: int
    kind: BlockKind
    raw: bytes
    hash: str
    start: int
    end: int
    line: int
    end_line: int
    entity: str | None = None


def cut(lines: list[Line], stretches: list[Stretch], owners: dict[int, str]) -> tuple[Block, ...]:
    """`owners` gives the entity for a 0-based line; a block is that of the first line that has one."""
    blocks: list[Block] = []
    position = 0
    for ordinal, stretch in enumerate(stretches):
        raw = join(lines[stretch.start : stretch.end]).encode()
        owner = next((owners[i] for i in range(stretch.start, stretch.end) if i in owners), None)
        blocks.append(
            Block(
                ordinal=ordinal,
                kind=stretch.kind,
                raw=raw,
                hash=hashlib.sha256(raw).hexdigest(),
                start=position,
                end=position + len(raw),
                line=stretch.start + 1,
                end_line=stretch.end,
                entity=None if stretch.kind == "gap" else owner,
            )
        )
        position += len(raw)
    return tuple(blocks)
