from uuid import UUID

import msgspec

from bedplate.domains.accounts.reads import CREDENTIALS_BY_ID, Credentials
from bedplate.domains.audit import Actor, record
from bedplate.domains.factors import FactorService, ceremonies
from bedplate.domains.factors.errors import InvalidChallenge, InvalidFactor, MfaRequired
from bedplate.domains.factors.schemas import PasskeyOptions
from bedplate.domains.sessions.errors import InvalidCredentials
from bedplate.domains.sessions.mfa.schemas import PasskeyLogin, SecondStep, StepUp
from bedplate.domains.sessions.signin import SignIn
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import ReadPool, Transaction, durably
from bedplate.platform.errors import Failure


class Proven(msgspec.Struct, frozen=True):
    """Who proved himself, by what, on what device."""

    account: Credentials
    method: str
    device: str


class SecondFactor:
    """What stands between a first factor and a session, and the proofs that repeat it."""

    def __init__(
        self, session: Transaction, reads: ReadPool, *, factors: FactorService, sign_in: SignIn
    ) -> None:
        self._session = session
        self._reads = reads
        self._factors = factors
        self._sign_in = sign_in

    async def demand(self, account: Credentials, *, method: str, device: str) -> None:
        """Let who has no second factor pass; of the others ask for it.

        Raises:
            MfaRequired: with the challenge that the second step begins with.
        """
        methods = await self._factors.methods(account.id)
        if methods:
            challenge = await ceremonies.begin(
                self._session, "sign_in", account.id, device=device, method=method
            )
            raise MfaRequired(challenge, methods)

    async def ask_for_passkey(self, challenge: str) -> PasskeyOptions:
        """Options to use a passkey as the second step of a sign-in."""
        user_id = await self._whose(challenge)
        webauthn, options = await self._factors.passkeys.ask(user_id)
        await ceremonies.challenge_with(self._session, "sign_in", challenge, webauthn)
        return PasskeyOptions(challenge, options)

    async def complete(self, step: SecondStep, actor: Actor) -> Proven:
        """Take the second step of a sign-in.

        Raises:
            InvalidChallenge: the sign-in is finished or too old, or was tried too often.
            TooManyCodes: the account must wait.
            InvalidFactor: the factor is wrong; the attempt is counted.
        """
        begun = await ceremonies.attempt(self._session, "sign_in", step.challenge)
        if begun.user_id is None:
            raise InvalidChallenge
        try:
            kind = await self._factors.check(begun.user_id, step.proof, begun.challenge)
        except Failure:
            await self._note_failure(begun.user_id, actor)
            raise
        await ceremonies.finish(self._session, begun)
        return Proven(await self._account(begun.user_id), f"{begun.method}+{kind}", begun.device)

    async def offer_passkey_login(self) -> PasskeyOptions:
        """Options to sign in by a passkey alone; the browser knows whose it has."""
        webauthn, options = await self._factors.passkeys.ask(None)
        challenge = await ceremonies.begin(self._session, "passkey", None, challenge=webauthn)
        return PasskeyOptions(challenge, options)

    async def by_passkey(self, login: PasskeyLogin, actor: Actor) -> Proven:
        """Sign in by a passkey alone: it verified its user, so it is two factors in one.

        Raises:
            InvalidChallenge: the sign-in is finished or too old.
            InvalidFactor: the passkey is not accepted; the failure is on record before it is raised.
        """
        begun = await ceremonies.attempt(self._session, "passkey", login.challenge)
        try:
            user_id = await self._factors.passkeys.verify(begun.challenge or b"", login.passkey, None)
            account = await self._account(user_id)
        except Failure:
            async with durably(self._session) as other:
                await record(other, "session.login_failed", actor, method="passkey")
            raise
        await ceremonies.finish(self._session, begun)
        return Proven(account, "passkey", login.device)

    async def offer_step_up(self, caller: Caller) -> PasskeyOptions:
        """Options to prove again by a passkey who one is."""
        webauthn, options = await self._factors.passkeys.ask(caller.user_id)
        challenge = await ceremonies.begin(self._session, "step_up", caller.user_id, challenge=webauthn)
        return PasskeyOptions(challenge, options)

    async def prove_again(self, caller: Caller, step: StepUp, actor: Actor) -> Proven:
        """Take a fresh proof: a second factor where there is one, for the password alone would bypass it.

        Raises:
            InvalidCredentials: the password is wrong, or missing.
            InvalidFactor: the second factor is wrong, or missing.
        """
        account = await self._account(caller.user_id)
        if not await self._factors.methods(account.id):
            if step.password is None:
                raise InvalidCredentials
            await self._sign_in.check_password(account, step.password, actor, email=account.email)
            return Proven(account, "password", "")
        webauthn: bytes | None = None
        if step.challenge is not None:
            begun = await ceremonies.attempt(self._session, "step_up", step.challenge)
            if begun.user_id != account.id:
                raise InvalidChallenge
            webauthn = begun.challenge
            await ceremonies.finish(self._session, begun)
        try:
            return Proven(account, await self._factors.check(account.id, step.proof, webauthn), "")
        except Failure:
            await self._note_failure(account.id, actor)
            raise

    async def _whose(self, challenge: str) -> UUID:
        return await ceremonies.challenge_with(self._session, "sign_in", challenge, b"")

    async def _account(self, user_id: UUID) -> Credentials:
        account = await CREDENTIALS_BY_ID.first(self._reads, id=user_id)
        if account is None or account.disabled:
            raise InvalidFactor
        return account

    async def _note_failure(self, user_id: UUID, actor: Actor) -> None:
        async with durably(self._session) as other:
            await record(other, "factor.refused", actor, subject=user_id)
