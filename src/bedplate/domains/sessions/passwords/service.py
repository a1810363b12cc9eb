from bedplate.domains.accounts import AccountService, Passwords, Post, normalise_email
from bedplate.domains.accounts.reads import CREDENTIALS_BY_ID
from bedplate.domains.accounts.recovery import order_reset
from bedplate.domains.accounts.tokens import peek, redeem, withdraw
from bedplate.domains.audit import Actor, record
from bedplate.domains.sessions.passwords.schemas import PasswordChange, PasswordReset
from bedplate.domains.sessions.service import SessionService
from bedplate.domains.sessions.signin import SignIn
from bedplate.platform.auth.access import StepUpRequired, proved_recently
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import ReadPool, Transaction
from bedplate.platform.errors import NotFound
from bedplate.platform.secrets.seal import Sealer
from bedplate.settings.auth import AuthSettings


class PasswordService:
    """Passwords forgotten, reset and changed; whoever has another session then must sign in anew."""

    def __init__(
        self,
        session: Transaction,
        reads: ReadPool,
        *,
        sign_in: SignIn,
        passwords: Passwords,
        post: Post,
        sealer: Sealer,
        sessions: SessionService,
        settings: AuthSettings,
    ) -> None:
        self._session = session
        self._reads = reads
        self._sign_in = sign_in
        self._passwords = passwords
        self._post = post
        self._sealer = sealer
        self._sessions = sessions
        self._settings = settings

    async def forgotten(self, email: str) -> None:
        """Have a link mailed, if the address has an account; nothing here depends on that."""
        address = normalise_email(email, allow_reserved=self._settings.allow_reserved_domains)
        await order_reset(self._session, self._sealer, address)

    async def reset(self, reset: PasswordReset, actor: Actor) -> None:
        """Set a password by a mailed token. It opens no session, so a second factor is still asked for.

        Raises:
            InvalidAccountToken: the token does not work; a weak password leaves it unused.
            WeakPassword: the password breaks a strength rule.
        """
        meant = await peek(self._session, reset.token, "reset_password")
        accounts = AccountService(session=self._session)
        account = await accounts.living(meant.account_id)
        if account.disabled_at is not None:
            raise NotFound
        password_hash = await self._passwords.accept(reset.password, account.email, account.name)
        await redeem(self._session, reset.token, "reset_password")
        await accounts.set_password_hash(account.id, password_hash)
        # The link reached the address, which is all that verification asks for.
        await accounts.confirm_email(account.id)
        # Who asked for it may be whom the new password is to keep out.
        await withdraw(self._session, account.id, "change_email")
        await self._sessions.end_all(account.id, actor, because="password_reset")
        await self._post.send("password_changed", account.id)
        await record(
            self._session,
            "account.password_reset",
            actor,
            subject=account.id,
            by="mail",
        )

    async def change(self, caller: Caller, change: PasswordChange, actor: Actor) -> None:
        """Change one's password; ends one's other sessions.

        Raises:
            InvalidCredentials: the present password is wrong; the failure is counted before it is raised.
            TooManyRequests: too many failed before.
            StepUpRequired: there is no present password, and no fresh proof of identity either.
            WeakPassword: the new one breaks a strength rule.
        """
        account = await CREDENTIALS_BY_ID.one(self._reads, id=caller.user_id)
        if account.password_hash is not None:
            present = change.current_password or ""
            await self._sign_in.check_password(account, present, actor, email=account.email)
        elif not proved_recently(caller):
            raise StepUpRequired
        fresh = await self._passwords.accept(
            change.new_password, account.email, account.name, pointer="/new_password"
        )
        await AccountService(session=self._session).set_password_hash(account.id, fresh)
        await withdraw(self._session, account.id, "change_email", "reset_password")
        await self._sessions.end_all(account.id, actor, because="password_changed", keep=caller.session_id)
        await self._post.send("password_changed", account.id)
        await record(self._session, "account.password_changed", actor)
