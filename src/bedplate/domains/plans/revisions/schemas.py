import datetime as dt
from typing import Any, Literal
from uuid import UUID

import msgspec

from bedplate.domains.plans.document.merging.merge import OnConflict
from bedplate.domains.plans.document.reading.draft import Unread

__all__ = ["ConflictView", "DocumentView", "ExportOrder", "ExportResult", "ImportResult", "OnConflict"]


class ExportOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An export takes no options."""


class DocumentView(msgspec.Struct):
    """One state of the Markdown; `revision` is null until an import has taken it in. `size` in bytes."""

    id: UUID
    plan_id: UUID
    revision: int | None
    origin: Literal["import", "export"]
    size: int
    sha256: str
    created_by: UUID | None
    created_at: dt.datetime


class ConflictView(msgspec.Struct, frozen=True):
    """What document and data changed differently; `field` is empty where one of them took the entity away."""

    entity: str
    field: str
    base: Any
    ours: Any
    theirs: Any
    outcome: Literal["ours", "theirs"]


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, or with `dry_run` would do.

    `counts` is what the document says, by kind; `unread` the lines that told nothing, kept byte for byte.
    Of conflicts and unread lines the first hundred are shown.
    """

    document_id: UUID
    revision: int
    sha256: str
    dry_run: bool
    boxes: int
    counts: dict[str, int]
    created: int
    changed: int
    deleted: int
    skipped: int
    conflict_count: int
    conflicts: list[ConflictView]
    finding_count: int
    unread_lines: int
    unread: list[Unread]


class ExportResult(msgspec.Struct, frozen=True, kw_only=True):
    """`unwritten` names what the document has no place for: the entity and its field."""

    document_id: UUID
    revision: int
    sha256: str
    size: int
    unwritten: list[tuple[str, str]]
