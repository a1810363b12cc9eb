from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from msgspec import UNSET
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.accounts.models import Account
from bedplate.domains.accounts.schemas import ProfilePatch
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

    async def rename(self, account_id: UUID, patch: ProfilePatch, actor: Actor) -> Account:
        """Change a profile's plain fields."""
        account = await self.living(account_id)
        if patch.name is not UNSET:
            account.name = patch.name
        await self.session.flush()
        await record(self.session, "account.updated", actor, resource=f"account:{account_id}")
        return account

    async def set_password_hash(self, account_id: UUID, password_hash: str) -> None:
        """Store a new hash."""
        account = await self.living(account_id)
        account.password_hash = password_hash
        await self.session.flush()

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
        account.disabled_at = None
        account.email_verified_at = account.email_verified_at or utcnow()
        await self.session.flush()

    async def count_registered(self) -> int:
        """How many accounts there are; for the command line."""
        return int(await self.session.scalar(select(func.count(Account.id))) or 0)
