from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.access.errors import BeyondOwnPermissions, LastAdministrator, UnknownRole
from bedplate.domains.access.models import Role, RolePermission, UserRole
from bedplate.domains.access.service import ADMIN, AccessService, change_grants
from bedplate.domains.accounts.scope import is_person, usable
from bedplate.domains.audit import Actor, record
from bedplate.platform.auth.revocation import revoke
from bedplate.platform.db import Transaction


class Assignments:
    """Who has which role. Nobody gives or takes what goes beyond his own permissions, `own`.

    A change ends the person's access tokens and his keys' held permissions; the next ones tell the truth.
    """

    def __init__(self, session: Transaction) -> None:
        self._session = session

    async def given(self, user_id: UUID) -> list[str]:
        """The names of the roles a person was given."""
        names = select(Role.name).join(UserRole).where(UserRole.user_id == user_id).order_by(Role.name)
        return list(await self._session.scalars(names))

    async def give(self, user_id: UUID, role: str, own: Collection[str], actor: Actor) -> None:
        """Give a role; giving it twice is no error.

        Raises:
            UnknownRole: there is none of this name.
            BeyondOwnPermissions: it allows what the giver may not.
        """
        await change_grants(self._session)
        role_id = await self._role(role, own)
        row = insert(UserRole).values(user_id=user_id, role_id=role_id).on_conflict_do_nothing()
        if await self._session.scalar(row.returning(UserRole.user_id)) is not None:
            await self._changed("role.assigned", user_id, role, actor)

    async def take(self, user_id: UUID, role: str, own: Collection[str], actor: Actor) -> None:
        """Take a role away; taking it twice is no error.

        Raises:
            LastAdministrator: nobody would be one.
            UnknownRole: there is none of this name.
            BeyondOwnPermissions: it allows what the taker may not.
        """
        await change_grants(self._session)
        role_id = await self._role(role, own)
        if role == ADMIN:
            await self.must_keep_administrator(user_id)
        row = delete(UserRole).where(UserRole.user_id == user_id, UserRole.role_id == role_id)
        if await self._session.scalar(row.returning(UserRole.user_id)) is not None:
            await self._changed("role.withdrawn", user_id, role, actor)

    async def must_keep_administrator(self, leaving: UUID) -> None:
        """Refuse if this person is the last administrator; nobody else can cease to be one meanwhile.

        Raises:
            LastAdministrator: he is.
        """
        session = self._session
        await change_grants(session)
        administrators = select(UserRole.user_id).join(Role, Role.id == UserRole.role_id)
        living = administrators.where(
            Role.name == ADMIN, usable(UserRole.user_id), is_person(UserRole.user_id)
        )
        found = set(await session.scalars(living))
        if found == {leaving}:
            raise LastAdministrator

    async def must_not_exceed(self, user_id: UUID, own: Collection[str]) -> None:
        """Refuse to touch somebody who may more than oneself.

        Raises:
            BeyondOwnPermissions: he may.
        """
        grants = await AccessService(session=self._session).grants(user_id)
        beyond = set(grants.scopes).difference(own)
        if beyond:
            raise BeyondOwnPermissions(beyond)

    async def _role(self, name: str, own: Collection[str]) -> UUID:
        session = self._session
        role_id = await session.scalar(select(Role.id).where(Role.name == name))
        if role_id is None:
            raise UnknownRole(name)
        permissions = select(RolePermission.permission).where(RolePermission.role_id == role_id)
        beyond = set(await session.scalars(permissions)).difference(own)
        if beyond:
            raise BeyondOwnPermissions(beyond)
        return role_id

    async def _changed(self, event: str, user_id: UUID, role: str, actor: Actor) -> None:
        await revoke(self._session, "user", user_id)
        await record(self._session, event, actor, subject=user_id, resource=f"role:{role}")
