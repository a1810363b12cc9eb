"""Roles and permissions."""

from bedplate.domains.access.errors import RoleExists
from bedplate.domains.access.service import ADMIN, MEMBER, AccessService, Grants
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="access",
    permissions={
        "users:read": "See every account",
        "users:write": "Disable, enable and change accounts",
        "roles:read": "See roles",
        "roles:write": "Make and change roles, and give them to people",
        "permissions:read": "See the list of permissions",
    },
    errors={"uq_role_name": RoleExists},
)

__all__ = ["ADMIN", "DOMAIN", "MEMBER", "AccessService", "Grants"]
