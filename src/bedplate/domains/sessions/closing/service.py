import datetime as dt
from uuid import UUID

from bedplate.domains.access import Assignments
from bedplate.domains.accounts import AccountService, Post
from bedplate.domains.accounts.tokens import issue, redeem
from bedplate.domains.audit import Actor, record
from bedplate.domains.keys.service import end_keys
from bedplate.domains.sessions.service import SessionService
from bedplate.domains.teams import TeamService
from bedplate.platform.auth.revocation import revoke
from bedplate.platform.db import Transaction
from bedplate.settings.auth import AuthSettings


class ClosingService:
    """Leaving: the account is closed at once and erased after a time of grace."""

    def __init__(
        self, session: Transaction, *, post: Post, sessions: SessionService, settings: AuthSettings
    ) -> None:
        self._session = session
        self._post = post
        self._sessions = sessions
        self._settings = settings

    async def close(self, account_id: UUID, actor: Actor) -> dt.datetime:
        """Close an account and end its sessions and keys; returns when it is erased.

        Raises:
            LastAdministrator: nobody would be one.
            LastOwner: a team with others in it would be without an owner.
        """
        await Assignments(self._session).must_keep_administrator(account_id)
        await TeamService(session=self._session).must_not_orphan(account_id)
        grace = self._settings.delete_grace
        erase_at = await AccountService(session=self._session).close(account_id, grace)
        token = await issue(self._session, account_id, "restore", grace)
        await self._sessions.end_all(account_id, actor, because="deleted")
        await end_keys(self._session, account_id, actor)
        await revoke(self._session, "user", account_id)
        await self._post.send("deleted", account_id, token=token, day=f"{erase_at:%d %B %Y}")
        await record(self._session, "account.deleted", actor)
        return erase_at

    async def restore(self, token: str, actor: Actor) -> None:
        """Bring a closed account back, by the mailed token.

        Raises:
            InvalidAccountToken: the token does not work.
        """
        meant = await redeem(self._session, token, "restore")
        await AccountService(session=self._session).restore(meant.account_id)
        await record(self._session, "account.restored", actor, subject=meant.account_id)
