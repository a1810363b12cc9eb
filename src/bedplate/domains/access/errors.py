from bedplate.platform.errors import Conflict, Forbidden


class RoleExists(Conflict):
    code, title = "role_exists", "A role of this name exists"


class SystemRole(Forbidden):
    code, title = "system_role", "A system role cannot be changed"


class LastAdministrator(Conflict):
    code, title = "last_administrator", "The service keeps at least one administrator"
