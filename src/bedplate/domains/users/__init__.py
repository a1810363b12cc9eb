"""Users: every account as administrators see and steer it. Above sessions, for a disabled one's end here."""

from litestar.di import Provide

from bedplate.domains.users.controllers import UserController
from bedplate.domains.users.dependencies import provide_users
from bedplate.domains.users.service import UserService
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="users",
    controllers=(UserController,),
    permissions={
        "users:read": "See every account",
        "users:write": "Disable, enable, change and delete accounts",
    },
    dependencies={"users": Provide(provide_users, sync_to_thread=False)},
)

__all__ = ["DOMAIN", "UserService"]
