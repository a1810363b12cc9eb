from bedplate.platform.auth.access import MissingScope


class RolesNeedPermission(MissingScope):
    def __init__(self) -> None:
        super().__init__(extra={"permission": "roles:write"})
