"""letters: how many of a kind were sent to an account, so that nobody floods a mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "letter_count",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("letter", sa.String(length=16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "letter in ('verify_email', 'change_email', 'reset_password', 'signup_known', 'change_known')",
            name=op.f("ck_letter_count_letter"),
        ),
        sa.CheckConstraint("sent > 0", name=op.f("ck_letter_count_sent")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_letter_count_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "letter", name=op.f("pk_letter_count")),
    )


def downgrade() -> None:
    op.drop_table("letter_count")
