from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import delete, insert, select

from bedplate.domains.access.errors import BeyondOwnPermissions, SystemRole, UnknownPermission
from bedplate.domains.access.models import Role, RolePermission, UserRole
from bedplate.domains.access.schemas import NewRole, RolePatch, RoleView
from bedplate.domains.access.service import change_grants
from bedplate.domains.audit import Actor, record
from bedplate.platform.auth.revocation import revoke
from bedplate.platform.db import Transaction, new_id, utcnow
from bedplate.platform.errors import NotFound


class RoleService:
    """Custom roles. Whoever changes one must hold every permission that is at stake himself.

    `known` are the permissions there are; `own` those of the caller.
    """

    def __init__(self, session: Transaction, known: Mapping[str, str]) -> None:
        self._session = session
        self._known = known

    async def create(self, new: NewRole, own: Collection[str], actor: Actor) -> RoleView:
        """Make a role.

        Raises:
            UnknownPermission: it names one that does not exist.
            BeyondOwnPermissions: it would allow what the caller may not.
        """
        self._check(new.permissions, own)
        role = Role(id=new_id(), name=new.name, description=new.description)
        self._session.add(role)
        await self._session.flush()
        await self._set_permissions(role, new.permissions)
        await self._record("role.created", role, actor)
        return await self._view(role)

    async def to_change(self, role_id: UUID) -> Role:
        """Lock a custom role for its change.

        Raises:
            NotFound: there is none.
            SystemRole: it is the code's to keep.
        """
        await change_grants(self._session)
        role = await self._session.scalar(select(Role).where(Role.id == role_id).with_for_update())
        if role is None:
            raise NotFound
        if role.system:
            raise SystemRole
        return role

    async def change(self, role: Role, patch: RolePatch, own: Collection[str], actor: Actor) -> RoleView:
        """Change a role; whoever has it must fetch a new access token, which tells what he may now."""
        permissions = await self._permissions(role)
        self._check(permissions, own)
        if patch == RolePatch():
            return await self._view(role)
        if patch.name is not UNSET:
            role.name = patch.name
        if patch.description is not UNSET:
            role.description = patch.description
        if patch.permissions is not UNSET:
            self._check(patch.permissions, own)
            await self._set_permissions(role, patch.permissions)
        role.updated_at = utcnow()
        await self._session.flush()
        await self._record("role.updated", role, actor)
        await self._end_tokens(role)
        return await self._view(role)

    async def remove(self, role: Role, own: Collection[str], actor: Actor) -> None:
        """Delete a role, and take it from whoever has it."""
        self._check(await self._permissions(role), own)
        await self._end_tokens(role)
        await self._record("role.deleted", role, actor)
        await self._session.execute(delete(Role).where(Role.id == role.id))

    def _check(self, permissions: Sequence[str], own: Collection[str]) -> None:
        for place, permission in enumerate(permissions):
            if permission not in self._known:
                raise UnknownPermission(f"/permissions/{place}", permission)
        beyond = set(permissions).difference(own)
        if beyond:
            raise BeyondOwnPermissions(beyond)

    async def _permissions(self, role: Role) -> list[str]:
        permission = RolePermission.permission
        statement = select(permission).where(RolePermission.role_id == role.id).order_by(permission)
        # One that the code no longer knows does not stand in the way.
        return [name for name in await self._session.scalars(statement) if name in self._known]

    async def _set_permissions(self, role: Role, permissions: Sequence[str]) -> None:
        await self._session.execute(delete(RolePermission).where(RolePermission.role_id == role.id))
        rows = [{"role_id": role.id, "permission": name} for name in sorted(set(permissions))]
        if rows:
            await self._session.execute(insert(RolePermission), rows)

    async def _end_tokens(self, role: Role) -> None:
        holders = await self._session.scalars(select(UserRole.user_id).where(UserRole.role_id == role.id))
        await revoke(self._session, "user", *holders)

    async def _record(self, event: str, role: Role, actor: Actor) -> None:
        permissions = await self._permissions(role)
        await record(
            self._session, event, actor, resource=f"role:{role.id}", name=role.name, permissions=permissions
        )

    async def _view(self, role: Role) -> RoleView:
        return RoleView(
            id=role.id,
            name=role.name,
            description=role.description,
            system=role.system,
            permissions=await self._permissions(role),
            created_at=role.created_at,
            updated_at=role.updated_at,
            version=role.version,
        )
