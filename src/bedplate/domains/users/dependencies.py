from bedplate.domains.users.service import UserService
from bedplate.platform.db import Transaction


def provide_users(db: Transaction) -> UserService:
    """The dependency `users`."""
    return UserService(db)
