from typing import Any

from litestar import Request

from bedplate.domains.sessions.service import SessionService
from bedplate.domains.sessions.signin import SignIn
from bedplate.platform.db import ReadPool, Transaction


def provide_sign_in(request: Request[Any, Any, Any], db: Transaction, reads: ReadPool) -> SignIn:
    """The dependency `sign_in`."""
    state = request.app.state
    return SignIn(db, reads, passwords=state.passwords, settings=state.settings.auth)


def provide_sessions(request: Request[Any, Any, Any], db: Transaction) -> SessionService:
    """The dependency `sessions`."""
    state = request.app.state
    return SessionService(
        db, settings=state.settings.auth, tokens=state.tokens, refresh_tokens=state.refresh_tokens
    )
