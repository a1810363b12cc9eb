from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, update

from bedplate.domains.accounts.models import Account
from bedplate.domains.audit import enroll
from bedplate.platform.db import Transaction, new_id, utcnow

# RFC 2606: no mail ever goes there, and nobody can sign up with it.
DOMAIN = "service.invalid"


async def open_service_account(session: Transaction, name: str) -> UUID:
    """Add an account that nobody signs in to, for a team's key to act as."""
    account_id = new_id()
    row = {
        "id": account_id,
        "kind": "service",
        "email": f"{account_id.hex}@{DOMAIN}",
        "name": name,
        "email_verified_at": utcnow(),
    }
    await session.execute(insert(Account).values(row))
    await enroll(session, account_id)
    return account_id


async def close_service_accounts(session: Transaction, account_ids: Sequence[UUID]) -> None:
    """Delete such accounts; people's are left alone."""
    await session.execute(
        update(Account)
        .where(Account.id.in_(account_ids), Account.kind == "service")
        .values(deleted_at=utcnow(), version=Account.version + 1)
        .execution_options(synchronize_session=False)
    )
