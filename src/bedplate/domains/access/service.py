from collections.abc import Mapping
from uuid import UUID

import msgspec
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.access.models import Role, RolePermission, UserRole
from bedplate.domains.access.permissions import is_administrative
from bedplate.domains.access.reads import MEMBER
from bedplate.domains.accounts.scope import usable
from bedplate.domains.audit import Actor, record
from bedplate.platform.db import RepositoryService, Transaction, new_id

ADMIN = "admin"
# A constant of ours, so that two processes that start at once take turns.
LOCK = 0x726F6C65


# Likewise, for whoever tells what people may, and for whoever changes it.
GRANTS_LOCK = 0x6772616E


async def hold_grants(session: Transaction) -> None:
    """Keep what people may as it is until the transaction ends; any number may hold it at once.

    First of a transaction that issues a token: else one could be told by the state before a change, and
    issued after the change has ended all tokens.
    """
    await session.execute(select(func.pg_advisory_xact_lock_shared(GRANTS_LOCK)))


async def change_grants(session: Transaction) -> None:
    """Wait until nobody tells what people may, and let nobody tell it until the transaction ends.

    First of a transaction that changes roles, disables or deletes; these take turns by it too.
    """
    await session.execute(select(func.pg_advisory_xact_lock(GRANTS_LOCK)))


class Grants(msgspec.Struct, frozen=True):
    """A person's roles and the permissions they add up to."""

    roles: list[str]
    scopes: list[str]


class RoleRepository(SQLAlchemyAsyncRepository[Role]):
    model_type = Role


class AccessService(RepositoryService[Role]):
    """Roles and who has them."""

    repository_type = RoleRepository

    async def has_system_roles(self) -> bool:
        """Whether the system roles were made before."""
        return await self.session.scalar(select(Role.id).where(Role.name == ADMIN)) is not None

    async def keep_system_roles(self, permissions: Mapping[str, str]) -> None:
        """Make the system roles what the code says: admin may all, a member what is not administration."""
        await self.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
        member = [p for p in permissions if not is_administrative(p)]
        await self._keep(ADMIN, "Administers the service", list(permissions))
        await self._keep(MEMBER, "Uses the service", member)

    async def grants(self, user_id: UUID) -> Grants:
        """A person's roles and permissions, everybody's included; none of one who is disabled or deleted."""
        statement = (
            select(Role.name, RolePermission.permission)
            .join(RolePermission, RolePermission.role_id == Role.id, isouter=True)
            .where(
                usable(literal(user_id)),
                (Role.name == MEMBER)
                | Role.id.in_(select(UserRole.role_id).where(UserRole.user_id == user_id)),
            )
        )
        rows = (await self.session.execute(statement)).all()
        scopes = {permission for _, permission in rows if permission}
        return Grants(sorted({name for name, _ in rows}), sorted(scopes))

    async def assign(self, user_id: UUID, role: str, actor: Actor) -> None:
        """Give a person a role; giving it twice is no error."""
        session = self.session
        role_id = await session.scalar(select(Role.id).where(Role.name == role))
        statement = insert(UserRole).values(user_id=user_id, role_id=role_id).on_conflict_do_nothing()
        await session.execute(statement)
        await record(session, "role.assigned", actor, subject=user_id, resource=f"role:{role}")

    async def _keep(self, name: str, description: str, permissions: list[str]) -> None:
        session = self.session
        values = {"id": new_id(), "name": name, "description": description, "system": True}
        await session.execute(insert(Role).values(values).on_conflict_do_nothing(index_elements=["name"]))
        role_id = await session.scalar(select(Role.id).where(Role.name == name))
        await session.execute(
            delete(RolePermission).where(
                RolePermission.role_id == role_id, RolePermission.permission.not_in(permissions)
            )
        )
        rows = [{"role_id": role_id, "permission": permission} for permission in permissions]
        await session.execute(insert(RolePermission).values(rows).on_conflict_do_nothing())
