from uuid import UUID

from bedplate.domains.accounts.models import Account
from bedplate.domains.accounts.service import AccountService
from bedplate.domains.audit import Actor, record
from bedplate.platform.db import Transaction, utcnow


class AccountAdministration:
    """What an administrator does to an account. A password is never his to set."""

    def __init__(self, session: Transaction) -> None:
        self._session = session
        self._accounts = AccountService(session=session)

    async def disable(self, account_id: UUID, actor: Actor) -> None:
        """Keep somebody from signing in; a second time is no error."""
        account = await self._accounts.living(account_id)
        if account.disabled_at is None:
            account.disabled_at = utcnow()
            await self._record("account.disabled", account, actor)

    async def enable(self, account_id: UUID, actor: Actor) -> None:
        """Let somebody sign in again."""
        account = await self._accounts.living(account_id)
        if account.disabled_at is not None:
            account.disabled_at = None
            await self._record("account.enabled", account, actor)

    async def rename(self, account_id: UUID, name: str, actor: Actor) -> None:
        """Change what somebody is called."""
        account = await self._accounts.living(account_id)
        if account.name != name:
            account.name = name
            await self._record("account.updated", account, actor)

    async def _record(self, event: str, account: Account, actor: Actor) -> None:
        await self._session.flush()
        await record(
            self._session,
            event,
            actor,
            subject=account.id,
            by="administrator",
        )
