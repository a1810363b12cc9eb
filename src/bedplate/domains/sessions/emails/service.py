from uuid import UUID

from bedplate.domains.accounts import AccountService, Post, normalise_email
from bedplate.domains.accounts.flood import Flooding, may_send
from bedplate.domains.accounts.tokens import issue, redeem, withdraw
from bedplate.domains.audit import Actor, record
from bedplate.platform.db import Transaction
from bedplate.settings.auth import AuthSettings


class EmailService:
    """An account's address: proved by a mailed token, and changed by one that went to the new address."""

    def __init__(self, session: Transaction, *, post: Post, settings: AuthSettings) -> None:
        self._session = session
        self._post = post
        self._settings = settings

    async def ask_for_proof(self, account_id: UUID) -> None:
        """Mail a link that verifies the address; a former link is dead."""
        account = await AccountService(session=self._session).living(account_id)
        if account.email_verified_at is None and await self._may_send(account_id, "verify_email"):
            token = await issue(self._session, account_id, "verify_email", self._settings.verify_ttl)
            await self._post.send("verify_email", account_id, token=token)

    async def prove(self, token: str, actor: Actor) -> None:
        """Take the mailed token: the address is verified, or the new one takes the old one's place.

        Raises:
            InvalidAccountToken: the token does not work.
            EmailTaken: another account has the new address by now.
        """
        proof = await redeem(self._session, token, "verify_email", "change_email")
        accounts = AccountService(session=self._session)
        account, former = await accounts.confirm_email(proof.account_id, proof.email)
        event = "account.email_changed" if proof.email else "account.email_verified"
        if proof.email:
            await withdraw(self._session, account.id, "verify_email", "reset_password")
            await self._post.send("email_changed", account.id, to=former)
        await record(self._session, event, actor, subject=account.id)

    async def ask_for_change(self, account_id: UUID, email: str, actor: Actor) -> None:
        """Mail a link to a new address; whether somebody has it already, only its owner is told."""
        address = normalise_email(email, allow_reserved=self._settings.allow_reserved_domains)
        if not await self._may_send(account_id, "change_email"):
            return
        token = await issue(
            self._session, account_id, "change_email", self._settings.verify_ttl, email=address
        )
        holder = await AccountService(session=self._session).holder(address)
        if holder is None or holder == account_id:
            await self._post.send("change_email", account_id, to=address, token=token)
        else:
            await self._post.send("change_known", holder)
        await record(self._session, "account.email_change_requested", actor)

    async def _may_send(self, account_id: UUID, letter: Flooding) -> bool:
        return await may_send(self._session, account_id, letter, self._settings.max_letters)
