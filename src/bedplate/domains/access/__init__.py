"""Roles and permissions: who may do what in the service."""

from litestar.di import Provide

from bedplate.domains.access.assignments import Assignments
from bedplate.domains.access.controllers import PermissionController, RoleController
from bedplate.domains.access.dependencies import provide_assignments, provide_roles
from bedplate.domains.access.errors import RoleExists
from bedplate.domains.access.metrics import METRICS
from bedplate.domains.access.permissions import is_administrative
from bedplate.domains.access.reads import MEMBER, export_roles
from bedplate.domains.access.service import ADMIN, AccessService, Grants, change_grants, hold_grants
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="access",
    metrics=METRICS,
    controllers=(RoleController, PermissionController),
    permissions={
        "roles:read": "See roles",
        "roles:write": "Make and change roles, and give them to people",
        "permissions:read": "See the list of permissions",
    },
    exports={"roles": export_roles},
    errors={"uq_role_name": RoleExists},
    dependencies={
        "roles": Provide(provide_roles, sync_to_thread=False),
        "assignments": Provide(provide_assignments, sync_to_thread=False),
    },
    examples={
        "NewRole.description": "Reads the audit trail",
        "description": "Reads the audit trail",
        "meaning": "Read the audit trail",
        "PermissionView.name": "audit:read",
        "RoleView.name": "auditor",
        "permissions": ["audit:read"],
    },
)

__all__ = [
    "ADMIN",
    "DOMAIN",
    "MEMBER",
    "AccessService",
    "Assignments",
    "Grants",
    "change_grants",
    "hold_grants",
    "is_administrative",
]
