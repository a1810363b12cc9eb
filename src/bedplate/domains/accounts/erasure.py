import logging
from uuid import UUID

from sqlalchemy import delete, select

from bedplate.domains.accounts.models import Account
from bedplate.domains.audit import Actor, forget, record
from bedplate.platform.db import Transaction, utcnow
from bedplate.platform.jobs import Empty, JobContext, Schedule, forget_owner, task

BATCH = 100
logger = logging.getLogger(__name__)


@task("accounts.erase", payload=Empty, timeout=300, unique_for=0)
async def erase(ctx: JobContext, _: Empty) -> int:
    """Erase the accounts whose time of grace is over; returns how many."""
    async with ctx.database.transaction() as session:
        due = list(
            await session.scalars(
                select(Account.id).where(Account.erase_at <= utcnow()).order_by(Account.erase_at).limit(BATCH)
            )
        )
    for account_id in due:
        ctx.beat()
        async with ctx.database.transaction() as session:
            await erase_account(session, account_id)
    return len(due)


async def erase_account(session: Transaction, account_id: UUID) -> None:
    """Delete a person's rows, his jobs with the archive of his data, and the mapping that tells whose audit events are whose."""
    await record(session, "account.erased", Actor(), subject=account_id)
    await forget(session, account_id)
    await forget_owner(session, account_id)
    await session.execute(delete(Account).where(Account.id == account_id, Account.erase_at.is_not(None)))


ERASING = Schedule(name="accounts.erase", task=erase, cron="17 * * * *")
