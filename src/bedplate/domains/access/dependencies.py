from typing import Any

from litestar import Request

from bedplate.domains.access.assignments import Assignments
from bedplate.domains.access.roles import RoleService
from bedplate.platform.db import Transaction


def provide_roles(request: Request[Any, Any, Any], db: Transaction) -> RoleService:
    """The dependency `roles`."""
    return RoleService(db, request.app.state.permissions)


def provide_assignments(db: Transaction) -> Assignments:
    """The dependency `assignments`."""
    return Assignments(db)
