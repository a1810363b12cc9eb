from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from bedplate.domains.access.models import Role, RolePermission, UserRole
from bedplate.domains.access.schemas import RoleView
from bedplate.platform.db import Listing, Read, ReadPool, Sort

MEMBER = "member"


class GrantRow(msgspec.Struct):
    """One of a person's roles with its permissions."""

    role: str
    permissions: list[str]


def _permissions_of(role_id: InstrumentedAttribute[UUID]) -> ColumnElement[list[str]]:
    permission = RolePermission.permission
    found = select(permission).where(RolePermission.role_id == role_id).order_by(permission)
    return func.array(found.scalar_subquery())


_ROLES = select(
    Role.id,
    Role.name,
    Role.description,
    Role.system,
    _permissions_of(Role.id).label("permissions"),
    Role.created_at,
    Role.updated_at,
    Role.version,
)

ROLES = Listing(
    "roles",
    _ROLES,
    RoleView,
    sorts={"name": Sort(columns=(Role.name,), kinds=(str,))},
    default_sort="name",
    filters={"system": Role.system == bindparam("system")},
)
ROLE = Read(_ROLES.where(Role.id == bindparam("id")), RoleView)

GRANTS = Read(
    select(Role.name.label("role"), _permissions_of(Role.id).label("permissions")).where(
        (Role.name == MEMBER)
        | Role.id.in_(select(UserRole.role_id).where(UserRole.user_id == bindparam("user_id")))
    ),
    GrantRow,
)


async def export_roles(reads: ReadPool, user_id: UUID) -> list[GrantRow]:
    """A person's roles with what they permit, for his archive."""
    return await GRANTS.all(reads, user_id=user_id)


def roles_of(user_id: InstrumentedAttribute[UUID]) -> ColumnElement[list[str]]:
    """The names of the roles a person was given, as a value inside another statement."""
    names = select(Role.name).join(UserRole, UserRole.role_id == Role.id).where(UserRole.user_id == user_id)
    return func.array(names.order_by(Role.name).scalar_subquery())


def holding(user_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether a person was given the role whose name is the value `role`."""
    role = aliased(Role)
    holders = select(UserRole.user_id).join(role, role.id == UserRole.role_id)
    return user_id.in_(holders.where(role.name == bindparam("role")))
