"""access and API keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

UNRELEASED = "no release before this revision has rows in account"
LOCKS = {
    "add constraint ck_account_kind": UNRELEASED,
}


def upgrade() -> None:
    op.add_column(
        "account",
        sa.Column("kind", sa.String(length=16), server_default=sa.text("'person'"), nullable=False),
    )
    op.create_check_constraint(op.f("ck_account_kind"), "account", "kind in ('person', 'service')")
    op.create_table(
        "team_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("email", postgresql.CITEXT(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role in ('owner', 'editor', 'viewer')", name=op.f("ck_team_invitation_role")),
        sa.CheckConstraint(
            "answer in ('accepted', 'declined', 'withdrawn')", name=op.f("ck_team_invitation_answer")
        ),
        sa.CheckConstraint(
            "(answer is null) = (answered_at is null)", name=op.f("ck_team_invitation_answered")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_team_invitation_team_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["account.id"], name=op.f("fk_team_invitation_invited_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_invitation")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_team_invitation_token_digest")),
    )
    op.create_index("ix_team_invitation_team_id_id", "team_invitation", ["team_id", "id"], unique=False)
    op.create_index(
        "uq_team_invitation_open",
        "team_invitation",
        ["team_id", "email"],
        unique=True,
        postgresql_where=sa.text("answer is null"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("former_digest", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("char_length(name) between 1 and 100", name=op.f("ck_api_key_name_length")),
        sa.CheckConstraint("cardinality(scopes) between 1 and 200", name=op.f("ck_api_key_scopes")),
        sa.CheckConstraint(
            "(former_digest is null) = (former_until is null)", name=op.f("ck_api_key_former")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["account.id"], name=op.f("fk_api_key_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_api_key_team_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("fk_api_key_created_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index("ix_api_key_team_id_id", "api_key", ["team_id", "id"], unique=False)
    op.create_index("ix_api_key_user_id_id", "api_key", ["user_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("api_key")
    op.drop_table("team_invitation")
    op.drop_constraint(op.f("ck_account_kind"), "account", type_="check")
    op.drop_column("account", "kind")
