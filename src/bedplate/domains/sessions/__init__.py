"""Sign-up, sign-in and sessions: refresh rotation with reuse detection, sign-out, one's own account."""

from litestar.di import Provide

from bedplate.domains.sessions.administrator import keep_administrator
from bedplate.domains.sessions.controllers import AuthController
from bedplate.domains.sessions.dependencies import provide_sessions, provide_sign_in
from bedplate.domains.sessions.keyset import JwksController
from bedplate.domains.sessions.me import MeController
from bedplate.domains.sessions.refresh import RefreshTokens
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="sessions",
    controllers=(AuthController, MeController, JwksController),
    dependencies={
        "sign_in": Provide(provide_sign_in, sync_to_thread=False),
        "sessions": Provide(provide_sessions, sync_to_thread=False),
    },
)

__all__ = ["DOMAIN", "RefreshTokens", "keep_administrator"]
