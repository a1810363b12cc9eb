"""job_results: large results lie apart from the queue's rows, and keys weigh on nothing that has none."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# In one transaction, so that no moment is without the key's protection; concurrently there would be one.
LOCKS = {
    "drop index uq_job_active_key": "takes the table for a moment, and nothing is released yet",
    "create unique index uq_job_active_key": "reads the table once, seconds at ten million rows, and nothing is released yet",
}

ACTIVE = "state in ('queued', 'running')"


def upgrade() -> None:
    op.create_table(
        "job_result",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_job_result_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_result")),
    )
    _index_keys(f"{ACTIVE} and unique_key is not null")


def downgrade() -> None:
    _index_keys(ACTIVE)
    op.drop_table("job_result")


def _index_keys(condition: str) -> None:
    op.drop_index("uq_job_active_key", "job")
    op.create_index(
        "uq_job_active_key", "job", ["task", "unique_key"], unique=True, postgresql_where=sa.text(condition)
    )
