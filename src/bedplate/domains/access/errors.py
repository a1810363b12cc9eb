from collections.abc import Iterable

from bedplate.platform.errors import Conflict, FieldError, Forbidden, Invalid


class RoleExists(Conflict):
    code, title = "role_exists", "A role of this name exists"


class SystemRole(Forbidden):
    code, title = "system_role", "A system role cannot be changed"


class LastAdministrator(Conflict):
    code, title = "last_administrator", "The service keeps at least one administrator"


class BeyondOwnPermissions(Forbidden):
    code, title = "beyond_own_permissions", "Nobody gives, takes or changes more than he may himself"

    def __init__(self, permissions: Iterable[str]) -> None:
        super().__init__(extra={"permissions": sorted(permissions)})


class UnknownPermission(Invalid):
    code, title = "invalid", "The request breaks a rule"

    def __init__(self, pointer: str, permission: str) -> None:
        message = f"There is no permission {permission}"
        super().__init__(message, errors=[FieldError(pointer, "enum", message)])


class UnknownRole(Invalid):
    code, title = "invalid", "The request breaks a rule"

    def __init__(self, role: str, pointer: str = "/roles") -> None:
        message = f"There is no role {role}"
        super().__init__(message, errors=[FieldError(pointer, "enum", message)])
