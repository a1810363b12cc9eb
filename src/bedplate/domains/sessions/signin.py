from bedplate.domains.access import AccessService
from bedplate.domains.accounts import AccountService, Passwords, normalise_email
from bedplate.domains.accounts.reads import CREDENTIALS, Credentials
from bedplate.domains.audit import Actor, record
from bedplate.domains.sessions.errors import InvalidCredentials
from bedplate.domains.sessions.schemas import Login, Signup
from bedplate.domains.teams import TeamService
from bedplate.platform.db import ReadPool, Transaction, durably
from bedplate.settings.auth import AuthSettings


class SignIn:
    """Sign-up and the check of a password, alike in answer and time for known and unknown addresses."""

    def __init__(
        self, session: Transaction, reads: ReadPool, *, passwords: Passwords, settings: AuthSettings
    ) -> None:
        self._session = session
        self._reads = reads
        self._passwords = passwords
        self._settings = settings

    async def check(self, login: Login, actor: Actor) -> Credentials:
        """Return the account whose address and password these are.

        Raises:
            InvalidCredentials: for every reason alike; the failure is on record before it is raised.
        """
        account = await CREDENTIALS.first(self._reads, email=login.email.strip())
        stored = account.password_hash if account else None
        if not await self._passwords.verify(stored, login.password) or account is None or account.disabled:
            async with durably(self._session) as other:
                await record(other, "session.login_failed", actor, subject=account.id if account else None)
            raise InvalidCredentials
        if self._passwords.outdated(account.password_hash or ""):
            fresh = await self._passwords.hash(login.password)
            await AccountService(session=self._session).set_password_hash(account.id, fresh)
        return account

    async def sign_up(self, signup: Signup, actor: Actor) -> None:
        """Add an account with its personal team; for a known address only the answer is the same.

        Raises:
            WeakPassword: the password breaks a strength rule.
        """
        email = normalise_email(signup.email, allow_reserved=self._settings.allow_reserved_domains)
        self._passwords.check_strength(signup.password, email, signup.name)
        password_hash = await self._passwords.hash(signup.password)
        await register(self._session, email, signup.name, password_hash, actor)


async def register(
    session: Transaction,
    email: str,
    name: str,
    password_hash: str | None,
    actor: Actor,
    *,
    verified: bool = False,
    role: str | None = None,
) -> bool:
    """Add an account, its personal team and its roles; False when the address is taken."""
    accounts = AccountService(session=session)
    account_id = await accounts.register(
        email=email, name=name, password_hash=password_hash, verified=verified
    )
    if account_id is None:
        return False
    actor = Actor(
        user_id=account_id, address=actor.address, user_agent=actor.user_agent, request_id=actor.request_id
    )
    team = await TeamService(session=session).found(name or "Personal", account_id, actor, personal=True)
    await accounts.adopt_team(account_id, team.id)
    if role:
        await AccessService(session=session).assign(account_id, role, actor)
    await record(session, "account.created", actor, resource=f"account:{account_id}")
    return True
