"""audit_bound: no event is later than a month to come, so that the table can become a part without being read."""

import datetime as dt
from uuid import UUID

from alembic import op

revision = "0013"
down_revision = "0012"

MONTHS_AHEAD = 2


def upgrade() -> None:
    # Until 0015 takes the table into its months; should that be broken off, there are weeks to repeat it.
    now = dt.datetime.now(dt.UTC)
    months = now.year * 12 + now.month - 1 + MONTHS_AHEAD
    month = dt.datetime(months // 12, months % 12 + 1, 1, tzinfo=dt.UTC)
    bound = UUID(int=int(month.timestamp() * 1000) << 80)  # what UUIDv7 of that moment begins with
    op.execute(
        f"alter table audit_event add constraint ck_audit_event_bound check (id < '{bound}') not valid"
    )


def downgrade() -> None:
    op.execute("alter table audit_event drop constraint if exists ck_audit_event_bound")
