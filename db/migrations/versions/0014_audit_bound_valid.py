"""audit_bound_valid: what 0013 says holds for the rows that were there; writers go on meanwhile."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("alter table audit_event validate constraint ck_audit_event_bound")


def downgrade() -> None:
    """A constraint that was validated stays so."""
