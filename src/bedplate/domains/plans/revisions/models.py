from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.domains.plans.models import PlanRow, of_plan, one_of
from bedplate.platform.db import Base


class StoredDocument(PlanRow):
    """The bytes of one state of the Markdown; `revision` is null until an import has taken them in."""

    __tablename__ = "document"
    __table_args__ = of_plan(
        "document",
        Index("uq_document_plan_id_revision", "plan_id", "revision", unique=True),
        Index("ix_document_plan_id_id", "plan_id", "id"),
        one_of("origin", "import", "export"),
        CheckConstraint("revision > 0", name="revision"),
    )

    revision: Mapped[int | None] = mapped_column(Integer)
    origin: Mapped[str] = mapped_column(Text)
    raw: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(Text)
    created_by: Mapped[UUID | None]


class DocumentBlock(Base):
    """A top-level block or a gap between two: bytes `start` to `end` of its document, and what it stands for."""

    __tablename__ = "document_block"
    __table_args__ = (
        CheckConstraint('start >= 0 and "end" >= start', name="range"),
        one_of(
            "kind", "heading", "paragraph", "list", "fence", "table", "code", "html", "rule", "quote", "gap",
            "other",
        ),
    )  # fmt: skip

    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column(Integer)
    hash: Mapped[str] = mapped_column(Text)
    entity: Mapped[str | None] = mapped_column(Text)
