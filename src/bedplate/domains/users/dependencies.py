from bedplate.domains.sessions.service import SessionService
from bedplate.domains.users.service import UserService
from bedplate.platform.db import Transaction


def provide_users(db: Transaction, sessions: SessionService) -> UserService:
    """The dependency `users`."""
    return UserService(db, sessions)
