import secrets
from uuid import UUID

from bedplate.domains.access import AccessService
from bedplate.domains.accounts import AccountService, Passwords, Post, normalise_email
from bedplate.domains.accounts.reads import CREDENTIALS, Credentials
from bedplate.domains.accounts.tokens import issue
from bedplate.domains.audit import Actor, record
from bedplate.domains.sessions.backoff import BackOff
from bedplate.domains.sessions.errors import InvalidCredentials
from bedplate.domains.sessions.schemas import Login, Signup
from bedplate.domains.teams import TeamService
from bedplate.platform.db import ReadPool, Transaction, durably, new_id
from bedplate.platform.errors import Unavailable
from bedplate.settings.auth import AuthSettings


class SignIn:
    """Sign-up and the check of a password, alike in answer and time for known and unknown addresses."""

    def __init__(
        self,
        session: Transaction,
        reads: ReadPool,
        *,
        passwords: Passwords,
        post: Post,
        settings: AuthSettings,
        back_off: BackOff,
    ) -> None:
        self._session = session
        self._reads = reads
        self._passwords = passwords
        self._post = post
        self._settings = settings
        self._back_off = back_off

    async def check(self, login: Login, actor: Actor) -> Credentials:
        """Return the account whose address and password these are.

        Raises:
            InvalidCredentials: for every reason alike; the failure is on record before it is raised.
        """
        account = await CREDENTIALS.first(self._reads, email=login.email.strip())
        await self.check_password(account, login.password, actor, email=login.email)
        if account is None:
            raise InvalidCredentials
        return account

    async def check_password(
        self, account: Credentials | None, password: str, actor: Actor, *, email: str
    ) -> None:
        """Hold a password against an account's; it takes the same time when there is no account.

        Raises:
            TooManyRequests: too many failed before.
            InvalidCredentials: wrong, or the account or its password is disabled, or there is none.
            Unavailable: too many passwords are being checked; it counts for nothing.
        """
        attempt = await self._back_off.begin(email.strip().lower(), account.id if account else None)
        stored = account.password_hash if account and self._usable(account) else None
        try:
            matched = await self._passwords.verify(stored, password)
        except Unavailable:
            await attempt.withdraw()
            raise
        if not matched or account is None or stored is None:
            await self._note_failure(account, actor)
            raise InvalidCredentials
        await attempt.succeeded()
        if account.password_failures:
            await AccountService(session=self._session).clear_failures(account.id)
        if self._passwords.outdated(stored):
            fresh = await self._passwords.hash(password)
            await AccountService(session=self._session).set_password_hash(account.id, fresh)
            account.password_hash = fresh

    async def sign_up(self, signup: Signup, actor: Actor) -> None:
        """Add an account with its personal team; for a known address only the answer is the same.

        Raises:
            WeakPassword: the password breaks a strength rule.
        """
        email = normalise_email(signup.email, allow_reserved=self._settings.allow_reserved_domains)
        password_hash = await self._passwords.accept(signup.password, email, signup.name)
        account_id = await register(self._session, email, signup.name, password_hash, actor)
        if account_id is None:
            await self._feign(f"{secrets.token_hex(12)}@feigned.invalid", signup.name, password_hash, actor)
            await self._post.send("signup_known", await self._holder(email))
        else:
            # The mirror of the above: between them the same statements, so that they take the same time.
            token = await issue(self._session, account_id, "verify_email", self._settings.verify_ttl)
            await self._feign(email, signup.name, password_hash, actor)
            await self._post.send("verify_email", await self._holder(email), token=token)

    def _usable(self, account: Credentials) -> bool:
        return not account.disabled and account.password_failures < self._settings.max_password_failures

    async def _note_failure(self, account: Credentials | None, actor: Actor) -> None:
        # The same statements whoever it is: an unknown address must not answer sooner.
        known = account.id if account else None
        async with durably(self._session) as other:
            failures = await AccountService(session=other).count_failure(known or new_id())
            await record(other, "session.login_failed", actor, subject=known)
            if known is not None and failures == self._settings.max_password_failures:
                await record(other, "account.password_disabled", actor, subject=known)
                await self._post.within(other).send("password_disabled", known)

    async def _feign(self, email: str, name: str, password_hash: str, actor: Actor) -> None:
        """Do what signing up with an address costs, be it new or taken, and undo it."""
        nested = await self._session.begin_nested()
        account_id = await register(self._session, email, name, password_hash, actor)
        if account_id is not None:
            await issue(self._session, account_id, "verify_email", self._settings.verify_ttl)
        await nested.rollback()

    async def _holder(self, email: str) -> UUID:
        holder = await AccountService(session=self._session).holder(email)
        if holder is None:
            # Erased between two of our statements: as good as new, and the next try will find it so.
            raise Unavailable("Try again")
        return holder


async def register(
    session: Transaction,
    email: str,
    name: str,
    password_hash: str | None,
    actor: Actor,
    *,
    verified: bool = False,
    role: str | None = None,
) -> UUID | None:
    """Add an account, its personal team and its roles; None when the address is taken."""
    accounts = AccountService(session=session)
    account_id = await accounts.register(
        email=email, name=name, password_hash=password_hash, verified=verified
    )
    if account_id is None:
        return None
    actor = Actor(
        user_id=account_id, address=actor.address, user_agent=actor.user_agent, request_id=actor.request_id
    )
    team = await TeamService(session=session).found(name or "Personal", account_id, actor, personal=True)
    await accounts.adopt_team(account_id, team.id)
    if role:
        await AccessService(session=session).assign(account_id, role, actor)
    await record(
        session, "account.created", actor, method="provider" if password_hash is None else "password"
    )
    return account_id
