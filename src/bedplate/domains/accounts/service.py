import datetime as dt
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from msgspec import UNSET
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.accounts.models import Account
from bedplate.domains.accounts.schemas import ProfilePatch
from bedplate.domains.accounts.tokens import withdraw
from bedplate.domains.audit import Actor, enroll, record
from bedplate.platform.db import RepositoryService, new_id, utcnow
from bedplate.platform.errors import NotFound


class AccountRepository(SQLAlchemyAsyncRepository[Account]):
    model_type = Account


class AccountService(RepositoryService[Account]):
    """Accounts: register, find, change, verify."""

    repository_type = AccountRepository

    async def register(
        self, *, email: str, name: str, password_hash: str | None, verified: bool = False
    ) -> UUID | None:
        """Add an account; None when the address already has one. Safe when done twice at once."""
        account_id = new_id()
        row = insert(Account).values(
            id=account_id,
            email=email,
            name=name,
            password_hash=password_hash,
            email_verified_at=utcnow() if verified else None,
        )
        session = self.session
        made = await session.scalar(
            row.on_conflict_do_nothing(index_elements=["email"]).returning(Account.id)
        )
        if made is not None:
            await enroll(session, account_id)
        return made

    async def by_email(self, email: str) -> Account | None:
        """The living account of an address."""
        statement = select(Account).where(Account.email == email, Account.deleted_at.is_(None))
        return await self.session.scalar(statement)

    async def living(self, account_id: UUID) -> Account:
        """The account of an id.

        Raises:
            NotFound: it never was, or is deleted.
        """
        statement = select(Account).where(Account.id == account_id, Account.deleted_at.is_(None))
        account = await self.session.scalar(statement)
        if account is None:
            raise NotFound
        return account

    async def hold_usable(self, account_id: UUID) -> Account | None:
        """The account, kept as it is until the transaction ends; None when it is disabled or deleted."""
        statement = select(Account).where(
            Account.id == account_id, Account.deleted_at.is_(None), Account.disabled_at.is_(None)
        )
        held = statement.with_for_update(read=True).execution_options(populate_existing=True)
        return await self.session.scalar(held)

    async def rename(self, account_id: UUID, patch: ProfilePatch, actor: Actor) -> Account:
        """Change a profile's plain fields; what changes nothing is not on record."""
        account = await self.living(account_id)
        if patch.name is not UNSET and patch.name != account.name:
            account.name = patch.name
            await self.session.flush()
            await record(self.session, "account.updated", actor)
        return account

    async def set_password_hash(self, account_id: UUID, password_hash: str) -> Account:
        """Store a new hash; the password works again if failures had disabled it."""
        account = await self.living(account_id)
        account.password_hash = password_hash
        account.password_failures = 0
        await self.session.flush()
        return account

    async def confirm_email(self, account_id: UUID, email: str | None = None) -> tuple[Account, str]:
        """Mark the address verified, or a new one that was confirmed; returns the former address too.

        Raises:
            EmailTaken: by the constraint, when another account has the new address by now.
        """
        account = await self.living(account_id)
        former = account.email
        account.email = email or former
        account.email_verified_at = utcnow() if email else account.email_verified_at or utcnow()
        await self.session.flush()
        return account, former

    async def take_over(self, account_id: UUID) -> None:
        """Give an unverified account to who proved that its address is his: the former password is gone."""
        account = await self.living(account_id)
        account.password_hash = None
        account.password_failures = 0
        account.email_verified_at = utcnow()
        await self.session.flush()
        await withdraw(self.session, account_id, "verify_email", "change_email", "reset_password")

    async def close(self, account_id: UUID, grace: float) -> dt.datetime:
        """Close an account: nobody can sign in, and it is erased after the time of grace (seconds)."""
        account = await self.living(account_id)
        now = utcnow()
        erase_at = now + dt.timedelta(seconds=grace)
        account.deleted_at, account.erase_at = now, erase_at
        await self.session.flush()
        return erase_at

    async def restore(self, account_id: UUID) -> None:
        """Open an account again that was closed.

        Raises:
            NotFound: it is erased.
        """
        account = await self.session.get(Account, account_id)
        if account is None:
            raise NotFound
        account.deleted_at = account.erase_at = None
        await self.session.flush()

    async def holder(self, email: str) -> UUID | None:
        """The account that an address belongs to, a closed one too."""
        return await self.session.scalar(select(Account.id).where(Account.email == email))

    async def count_failure(self, account_id: UUID) -> int:
        """Count a wrong password; returns how many there were in a row, 0 when there is no such account."""
        statement = (
            update(Account)
            .where(Account.id == account_id)
            .values(password_failures=Account.password_failures + 1, version=Account.version)
            .returning(Account.password_failures)
            .execution_options(synchronize_session=False)
        )
        return await self.session.scalar(statement) or 0

    async def clear_failures(self, account_id: UUID) -> None:
        """Forget wrong passwords after a right one."""
        await self.session.execute(
            update(Account)
            .where(Account.id == account_id)
            .values(password_failures=0, version=Account.version)
            .execution_options(synchronize_session=False)
        )

    async def adopt_team(self, account_id: UUID, team_id: UUID) -> None:
        """Note the account's personal team."""
        await self.session.execute(
            update(Account)
            .where(Account.id == account_id)
            .values(personal_team_id=team_id, version=Account.version)
        )

    async def reset(self, account_id: UUID, password_hash: str) -> None:
        """Give an account a new password and make it usable again."""
        account = await self.living(account_id)
        account.password_hash = password_hash
        account.password_failures = 0
        account.disabled_at = None
        account.email_verified_at = account.email_verified_at or utcnow()
        await self.session.flush()
