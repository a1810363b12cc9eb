from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.domains.plans.models import PlanRow, StatedRow, in_order, of_plan, one_of


class Dependency(PlanRow):
    """One task waits for another, or is related to it; `origin` is who says so."""

    __tablename__ = "dependency"
    __table_args__ = of_plan(
        "dependency",
        Index(
            "uq_dependency_plan_id_blocker_id_blocked_id_type_origin",
            *("plan_id", "blocker_id", "blocked_id", "type", "origin"),
            unique=True,
        ),
        Index("ix_dependency_blocked_id", "blocked_id"),
        Index("ix_dependency_blocker_id", "blocker_id"),
        CheckConstraint("blocked_id <> blocker_id", name="self"),
        one_of("type", "blocks", "relates", "duplicates", "discovered_from"),
        one_of("origin", "api", "prose", "graph"),
    )

    blocked_id: Mapped[UUID] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    blocker_id: Mapped[UUID] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(Text, default="blocks", server_default="blocks")
    origin: Mapped[str] = mapped_column(Text, default="api", server_default="api")


class DependencyText(StatedRow):
    """One part of a `**Dependencies**` or `**Blocking**` line, and the task it was found to mean."""

    __tablename__ = "dependency_text"
    __table_args__ = of_plan(
        "dependency_text",
        in_order("dependency_text"),
        Index("ix_dependency_text_task_id", "task_id"),
        one_of("side", "dependencies", "blocking"),
        one_of("resolution", "none", "resolved", "wildcard", "ambiguous", "unresolved"),
    )

    task_id: Mapped[UUID] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    side: Mapped[str] = mapped_column(Text)
    raw: Mapped[str] = mapped_column(Text)
    resolution: Mapped[str] = mapped_column(Text)
    target_id: Mapped[UUID | None] = mapped_column(ForeignKey("task.id", ondelete="SET NULL"), index=True)
    score: Mapped[float] = mapped_column(Double, default=0.0, server_default="0")


class GraphNode(StatedRow):
    """A vertex of the drawn graph; one without a task is only drawn."""

    __tablename__ = "graph_node"
    __table_args__ = of_plan("graph_node", in_order("graph_node"))

    mermaid_id: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    task_id: Mapped[UUID | None] = mapped_column(ForeignKey("task.id", ondelete="SET NULL"), index=True)


class GraphArrow(StatedRow):
    """An arrow of the drawn graph, between two mermaid ids."""

    __tablename__ = "graph_arrow"
    __table_args__ = of_plan("graph_arrow", in_order("graph_arrow"))

    source: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
