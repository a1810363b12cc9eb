"""jobs_at_scale: limits are counted, and living children found, by indexes of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


INDEXES = ("ix_job_attempt_started", "ix_job_child", "ix_job_limited_due")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # What was broken off, by a lock that did not come in time, leaves an index that is not valid.
        for name in INDEXES:
            op.execute(f"drop index concurrently if exists {name}")
        op.create_index("ix_job_attempt_started", "job_attempt", ["started_at"], postgresql_concurrently=True)
        op.create_index(
            "ix_job_child",
            "job",
            ["id"],
            postgresql_where=sa.text("parent_id is not null and state in ('queued', 'running')"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_job_limited_due",
            "job",
            ["task", sa.text("priority desc"), "available_at"],
            postgresql_where=sa.text("limited and state = 'queued' and not waiting"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"drop index concurrently {name}")
