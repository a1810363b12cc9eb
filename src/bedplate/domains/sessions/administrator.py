import secrets

from bedplate.domains.access import ADMIN, AccessService
from bedplate.domains.accounts import AccountService, Passwords, normalise_email
from bedplate.domains.audit import Actor, record
from bedplate.domains.sessions.signin import register
from bedplate.platform.db import Database
from bedplate.settings.admin import DEFAULT_ADMIN_EMAIL


async def keep_administrator(
    database: Database, passwords: Passwords, *, email: str, password: str
) -> tuple[str, str | None]:
    """Make sure there is an administrator; returns the address and the password to print.

    With both given, that account is created or reset. With neither, a first one gets a one-time password,
    and later starts return None for it.

    Raises:
        WeakPassword: the password given is too short, or among the most used ones.
    """
    if password:
        passwords.check_strength(password)
    address = normalise_email(email or DEFAULT_ADMIN_EMAIL, allow_reserved=True)
    async with database.transaction() as session:
        accounts = AccountService(session=session)
        account = await accounts.by_email(address)
        if account is not None and not password:
            return address, None
        chosen = password or secrets.token_urlsafe(18)
        password_hash = await passwords.hash(chosen)
        if account is None:
            await register(
                session, address, "Administrator", password_hash, Actor(), verified=True, role=ADMIN
            )
        else:
            await accounts.reset(account.id, password_hash)
            await AccessService(session=session).assign(account.id, ADMIN, Actor())
            await record(session, "account.password_reset", Actor(), subject=account.id, by="start")
    return address, chosen
