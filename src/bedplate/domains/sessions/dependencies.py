from typing import Any

from litestar import Request

from bedplate.domains.accounts import Post
from bedplate.domains.factors import FactorService
from bedplate.domains.sessions.backoff import BackOff
from bedplate.domains.sessions.closing.service import ClosingService
from bedplate.domains.sessions.devices import COOKIE as DEVICE_COOKIE
from bedplate.domains.sessions.emails.service import EmailService
from bedplate.domains.sessions.mfa.service import SecondFactor
from bedplate.domains.sessions.passwords.service import PasswordService
from bedplate.domains.sessions.service import SessionService
from bedplate.domains.sessions.signin import SignIn
from bedplate.platform.db import ReadPool, Transaction
from bedplate.platform.http.client_address import network_of


def provide_sign_in(request: Request[Any, Any, Any], db: Transaction, reads: ReadPool, post: Post) -> SignIn:
    """The dependency `sign_in`."""
    state = request.app.state
    back_off = BackOff(
        state.limits.sign_in, state.devices, network_of(request.scope), request.cookies.get(DEVICE_COOKIE)
    )
    return SignIn(
        db, reads, passwords=state.passwords, post=post, settings=state.settings.auth, back_off=back_off
    )


def provide_second_factor(
    db: Transaction, reads: ReadPool, factors: FactorService, sign_in: SignIn
) -> SecondFactor:
    """The dependency `second_factor`."""
    return SecondFactor(db, reads, factors=factors, sign_in=sign_in)


def provide_sessions(request: Request[Any, Any, Any], db: Transaction, post: Post) -> SessionService:
    """The dependency `sessions`."""
    state = request.app.state
    return SessionService(
        db,
        settings=state.settings.auth,
        tokens=state.tokens,
        refresh_tokens=state.refresh_tokens,
        cookies=state.cookies,
        post=post,
    )


def provide_passwords(
    request: Request[Any, Any, Any],
    db: Transaction,
    reads: ReadPool,
    post: Post,
    sessions: SessionService,
    sign_in: SignIn,
) -> PasswordService:
    """The dependency `password_service`."""
    state = request.app.state
    return PasswordService(
        db,
        reads,
        sign_in=sign_in,
        passwords=state.passwords,
        post=post,
        sealer=state.sealer,
        sessions=sessions,
        settings=state.settings.auth,
    )


def provide_emails(request: Request[Any, Any, Any], db: Transaction, post: Post) -> EmailService:
    """The dependency `email_service`."""
    return EmailService(db, post=post, settings=request.app.state.settings.auth)


def provide_closing(
    request: Request[Any, Any, Any], db: Transaction, post: Post, sessions: SessionService
) -> ClosingService:
    """The dependency `closing_service`."""
    return ClosingService(db, post=post, sessions=sessions, settings=request.app.state.settings.auth)
