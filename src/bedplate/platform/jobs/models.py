import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Base, Row, utcnow

STATES = ("queued", "running", "succeeded", "failed", "dead", "cancelled")
ENDED = ("succeeded", "failed", "dead", "cancelled")

KEYED = text("state in ('queued', 'running') and unique_key is not null")
LIVING_CHILD = text("parent_id is not null and state in ('queued', 'running')")


class Job(Row):
    """The outbox and the ledger in one: written with what caused it, kept after it ended.

    `attempt` is the fencing token: it only grows, and a worker whose number is behind changes nothing.
    Every index that the queue lives on is partial, so finished rows weigh nothing on it.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint("priority between -100 and 100", name="priority"),
        CheckConstraint("progress between 0 and 100", name="progress"),
        CheckConstraint("max_attempts > 0", name="max_attempts"),
        CheckConstraint("(state = 'running') = (lease_until is not null)", name="lease"),
        CheckConstraint(
            "(ended_at is not null) = (state in ('succeeded', 'failed', 'dead', 'cancelled'))", name="ended"
        ),
        Index("ix_job_due", "available_at", "id", postgresql_where=text("state = 'queued' and not waiting")),
        Index("ix_job_waiting", "id", postgresql_where=text("state = 'queued' and waiting")),
        Index("ix_job_lease", "lease_until", postgresql_where=text("state = 'running'")),
        Index("ix_job_limited", "task", "state", "attempt_started_at", postgresql_where=text("limited")),
        Index("ix_job_join", "join_id", postgresql_where=text("join_id is not null")),
        Index("ix_job_parent", "parent_id", postgresql_where=text("parent_id is not null")),
        Index("ix_job_child", "id", postgresql_where=LIVING_CHILD),
        Index(
            "ix_job_limited_due",
            "task",
            text("priority desc"),
            "available_at",
            postgresql_where=text("limited and state = 'queued' and not waiting"),
        ),
        Index("uq_job_active_key", "task", "unique_key", unique=True, postgresql_where=KEYED),
        Index("ix_job_key", "task", "unique_key", "id", postgresql_where=text("unique_key is not null")),
        Index("ix_job_expires", "expires_at", postgresql_where=text("expires_at is not null")),
        Index("ix_job_owner", "owner_id", "id", postgresql_where=text("owner_id is not null")),
        Index("ix_job_team", "team_id", "id", postgresql_where=text("team_id is not null")),
        Index("ix_job_unsuccessful", "state", "id", postgresql_where=text("state in ('failed', 'dead')")),
    )

    task: Mapped[str] = mapped_column(String(100))
    queue: Mapped[str] = mapped_column(String(50))
    state: Mapped[str] = mapped_column(String(16), server_default="queued")
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    payload: Mapped[dict[str, Any]]
    payload_version: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    parent_id: Mapped[UUID | None]
    join_id: Mapped[UUID | None]
    waiting: Mapped[bool] = mapped_column(server_default="false")
    limited: Mapped[bool] = mapped_column(server_default="false")
    unique_key: Mapped[str | None] = mapped_column(String(200))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    available_at: Mapped[dt.datetime]
    attempt: Mapped[int] = mapped_column(server_default="0")
    max_attempts: Mapped[int]
    worker: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[dt.datetime | None]
    cancel_requested_at: Mapped[dt.datetime | None]
    progress: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    message: Mapped[str | None] = mapped_column(Text)
    event_seq: Mapped[int] = mapped_column(server_default="0")
    result: Mapped[Any | None] = mapped_column(JSONB)
    error: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[dt.datetime | None]
    attempt_started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime | None]
    traceparent: Mapped[str | None] = mapped_column(String(55))


class JobResult(Base):
    """A result too large for its job's row, as JSON."""

    __tablename__ = "job_result"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    data: Mapped[str] = mapped_column(Text)


class JobAttempt(Base):
    """An attempt that did not succeed; the successful one stands on the job itself."""

    __tablename__ = "job_attempt"
    __table_args__ = (
        CheckConstraint(
            "outcome in ('error', 'permanent', 'timeout', 'lost', 'released', 'cancelled')", name="outcome"
        ),
        Index("ix_job_attempt_started", "started_at"),
    )

    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(String(16))
    worker: Mapped[str | None] = mapped_column(String(100))
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    error: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)


class JobEvent(Base):
    """A step of progress; `seq` counts from 1 without gaps, so that a cut stream resumes after it."""

    __tablename__ = "job_event"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    attempt: Mapped[int]
    progress: Mapped[int] = mapped_column(SmallInteger)
    message: Mapped[str] = mapped_column(Text, server_default="")


class JobStep(Base):
    """An effect that `ctx.once` made; written in the effect's own transaction."""

    __tablename__ = "job_step"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class JobPause(Base):
    """A queue or a task whose jobs are not begun for the time being."""

    __tablename__ = "job_pause"
    __table_args__ = (CheckConstraint("kind in ('queue', 'task')", name="kind"),)

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class JobSchedule(Base):
    """When a schedule is due next, and what it missed; its rule is declared in code."""

    __tablename__ = "job_schedule"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    rule: Mapped[str] = mapped_column(String(200))
    next_at: Mapped[dt.datetime] = mapped_column(index=True)
    last_at: Mapped[dt.datetime | None]
    last_job_id: Mapped[UUID | None]
    paused: Mapped[bool] = mapped_column(server_default="false")
    missed: Mapped[int] = mapped_column(server_default="0")
    last_missed_at: Mapped[dt.datetime | None]
