"""Sign-up, sign-in and sessions: refresh rotation with reuse detection, sign-out, one's own account."""

from litestar.di import Provide

from bedplate.domains.sessions.administrator import keep_administrator
from bedplate.domains.sessions.closing.controllers import ClosingController
from bedplate.domains.sessions.controllers import AuthController
from bedplate.domains.sessions.cookies import Cookies
from bedplate.domains.sessions.dependencies import (
    provide_closing,
    provide_emails,
    provide_passwords,
    provide_second_factor,
    provide_sessions,
    provide_sign_in,
)
from bedplate.domains.sessions.devices import Devices
from bedplate.domains.sessions.emails.controllers import EmailController
from bedplate.domains.sessions.keyset import JwksController
from bedplate.domains.sessions.me import MeController
from bedplate.domains.sessions.metrics import METRICS
from bedplate.domains.sessions.mfa.controllers import SecondFactorController
from bedplate.domains.sessions.passwords.controllers import PasswordController
from bedplate.domains.sessions.reads import export_sessions
from bedplate.domains.sessions.refresh import RefreshTokens
from bedplate.domains.sessions.tokens.controllers import TokenController
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="sessions",
    metrics=METRICS,
    exports={"sessions": export_sessions},
    controllers=(
        AuthController,
        SecondFactorController,
        TokenController,
        EmailController,
        PasswordController,
        MeController,
        ClosingController,
        JwksController,
    ),
    dependencies={
        "sign_in": Provide(provide_sign_in, sync_to_thread=False),
        "second_factor": Provide(provide_second_factor, sync_to_thread=False),
        "sessions": Provide(provide_sessions, sync_to_thread=False),
        "password_service": Provide(provide_passwords, sync_to_thread=False),
        "email_service": Provide(provide_emails, sync_to_thread=False),
        "closing_service": Provide(provide_closing, sync_to_thread=False),
    },
    examples={
        "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.claims.signature",
        "client_id": "browser",
        "current_password": "a long enough phrase",
        "device": "Laptop",
        "refresh_token": "rt_4hQ9vXk2mZ7c",
        "token": "mt_8sK2vQx5nW1zR4dL",
        "Accepted.detail": "If the address can be used, a letter is on its way",
        "SecondStep.code": "492039",
        "Signup.name": "Owner",
        "StepUp.password": "a long enough phrase",
    },
)

__all__ = ["DOMAIN", "Cookies", "Devices", "RefreshTokens", "keep_administrator"]
