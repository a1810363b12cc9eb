import datetime as dt
import secrets
from uuid import UUID

from sqlalchemy import cast, func, select, update
from sqlalchemy.dialects.postgresql import INET

from bedplate.domains.access import AccessService, hold_grants
from bedplate.domains.accounts import AccountService, Post
from bedplate.domains.accounts.reads import Credentials
from bedplate.domains.audit import Actor, record
from bedplate.domains.sessions.cookies import Cookies
from bedplate.domains.sessions.errors import InvalidCredentials, InvalidRefreshToken
from bedplate.domains.sessions.models import AuthSession
from bedplate.domains.sessions.refresh import PREFIX, Presented, RefreshTokens
from bedplate.domains.sessions.schemas import Opening, TokenPair
from bedplate.platform.auth.revocation import revoke
from bedplate.platform.auth.tokens import Tokens
from bedplate.platform.db import Transaction, durably, new_id, utcnow
from bedplate.platform.errors import Unauthenticated
from bedplate.settings.auth import AuthSettings


class SessionService:
    """Sign-ins: open, renew, end. What must outlive a refusal is written durably before it is raised."""

    def __init__(
        self,
        session: Transaction,
        *,
        settings: AuthSettings,
        tokens: Tokens,
        refresh_tokens: RefreshTokens,
        cookies: Cookies,
        post: Post,
    ) -> None:
        self._session = session
        self._cookies = cookies
        self._post = post
        self._settings = settings
        self._tokens = tokens
        self._refresh_tokens = refresh_tokens

    async def open(self, account: Credentials, actor: Actor, opening: Opening) -> TokenPair:
        """Begin a session for a person who has just proved who he is.

        Raises:
            InvalidCredentials: his password was replaced, or he was disabled, while he proved it.
        """
        await hold_grants(self._session)
        row = await self._begin(account, actor, opening)
        return await self._pair(row, 0, email_verified=account.email_verified)

    async def open_cookie(self, account: Credentials, actor: Actor, opening: Opening) -> str:
        """Begin a browser's session; returns the cookie's value."""
        row = await self._begin(account, actor, opening)
        return self._cookies.make(row.id, row.nonce)

    async def reprove(
        self, session_id: UUID, account: Credentials, actor: Actor, *, method: str
    ) -> TokenPair:
        """Note that the person proved again who he is; the former refresh token is spent.

        Raises:
            InvalidRefreshToken: the session has ended.
        """
        row = await self._proved(session_id, account, actor, method)
        row.refresh_count += 1
        await self._session.flush()
        return await self._pair(row, row.refresh_count, email_verified=account.email_verified)

    async def reprove_cookie(
        self, session_id: UUID, account: Credentials, actor: Actor, *, method: str
    ) -> str:
        """The same for a browser's session; returns its new cookie, the former one is dead.

        Raises:
            InvalidRefreshToken: the session has ended.
        """
        row = await self._proved(session_id, account, actor, method)
        row.nonce = secrets.token_bytes(16)
        await self._session.flush()
        # What processes hold of the former cookie dies with this.
        await revoke(self._session, "session", session_id)
        return self._cookies.make(row.id, row.nonce)

    async def renew(self, token: str, actor: Actor) -> TokenPair:
        """Trade a refresh token for its successor; twins within the grace period get the same one.

        Raises:
            InvalidRefreshToken: unknown, expired or revoked; a stale one ends its family first.
        """
        presented = self._refresh_tokens.parse(token)
        await hold_grants(self._session)
        row = await self._session.get(AuthSession, presented.session_id)
        now = utcnow()
        if row is None or not self._refresh_tokens.genuine(presented, row.nonce) or not _alive(row, now):
            raise InvalidRefreshToken
        if not await self._advance(presented, now):
            await self._tolerate_twin(presented, actor)
        account = await AccountService(session=self._session).living(row.user_id)
        if account.disabled_at is not None:
            raise InvalidRefreshToken
        return await self._pair(
            row, presented.count + 1, email_verified=account.email_verified_at is not None
        )

    async def lives(self, session_id: UUID | None, user_id: UUID) -> bool:
        """Whether it is a living session of this person; it then stays one until the transaction ends."""
        statement = select(AuthSession).where(AuthSession.id == session_id, AuthSession.user_id == user_id)
        row = await self._session.scalar(statement.with_for_update(read=True))
        return row is not None and _alive(row, utcnow())

    async def end_by_token(self, token: str, actor: Actor) -> None:
        """End the session of a refresh or access token; one that is no good has nothing to end (RFC 7009)."""
        try:
            if token.startswith(PREFIX):
                presented = self._refresh_tokens.parse(token)
                row = await self._session.get(AuthSession, presented.session_id)
                if row is not None and self._refresh_tokens.genuine(presented, row.nonce):
                    await self.end(row.id, row.user_id, actor, because="logout")
                return
            caller = self._tokens.verify(token).caller
        except Unauthenticated:
            return
        if caller.session_id is not None:
            await self.end(caller.session_id, caller.user_id, actor, because="logout")

    async def end(self, session_id: UUID, user_id: UUID, actor: Actor, *, because: str) -> bool:
        """End one of a person's sessions; False when there is none alive."""
        return bool(await self.end_all(user_id, actor, because=because, only=session_id))

    async def end_all(
        self,
        user_id: UUID,
        actor: Actor,
        *,
        because: str,
        only: UUID | None = None,
        keep: UUID | None = None,
    ) -> int:
        """End a person's sessions, all, one, or all but one; returns how many ended."""
        return await end_sessions(self._session, user_id, actor, because=because, only=only, keep=keep)

    async def _proved(self, session_id: UUID, account: Credentials, actor: Actor, method: str) -> AuthSession:
        now = utcnow()
        row = await self._session.get(AuthSession, session_id, with_for_update=True)
        if row is None or row.user_id != account.id or not _alive(row, now):
            raise InvalidRefreshToken
        row.authenticated_at = row.rotated_at = now
        row.idle_expires_at = now + dt.timedelta(seconds=self._settings.refresh_idle_ttl)
        await record(
            self._session, "session.stepped_up", actor, resource=f"session:{session_id}", method=method
        )
        return row

    async def _begin(self, account: Credentials, actor: Actor, opening: Opening) -> AuthSession:
        await self._still(account, opening.method)
        now = utcnow()
        row = AuthSession(
            id=new_id(),
            user_id=account.id,
            nonce=secrets.token_bytes(16),
            rotated_at=now,
            authenticated_at=now,
            expires_at=now + dt.timedelta(seconds=self._settings.session_ttl),
            idle_expires_at=now + dt.timedelta(seconds=self._settings.refresh_idle_ttl),
            device=opening.device,
            address=actor.address,
            user_agent=actor.user_agent,
        )
        if not opening.known_device and await self._is_new_device(account.id, actor):
            device = opening.device or actor.user_agent or "an unnamed program"
            address = actor.address or "an unknown address"
            await self._post.send("new_device", account.id, address=address, device=device)
        self._session.add(row)
        await self._session.flush()
        await record(
            self._session,
            "session.created",
            actor,
            subject=account.id,
            resource=f"session:{row.id}",
            method=opening.method,
        )
        return row

    async def _still(self, account: Credentials, method: str) -> None:
        """Hold the account as it is: what was checked may have been changed while it was checked."""
        stored = await AccountService(session=self._session).hold_usable(account.id)
        if stored is None or (
            method.startswith("password") and stored.password_hash != account.password_hash
        ):
            raise InvalidCredentials

    async def _is_new_device(self, user_id: UUID, actor: Actor) -> bool:
        # The very first sign-in is no news: it follows the sign-up.
        alike = (AuthSession.user_agent == actor.user_agent) & AuthSession.address.is_not_distinct_from(
            cast(actor.address, INET)
        )
        statement = select(func.count(), func.count().filter(alike)).where(AuthSession.user_id == user_id)
        seen, seen_alike = (await self._session.execute(statement)).one()
        return bool(seen) and not seen_alike

    async def _advance(self, presented: Presented, now: dt.datetime) -> bool:
        statement = (
            update(AuthSession)
            .where(
                AuthSession.id == presented.session_id,
                AuthSession.refresh_count == presented.count,
                AuthSession.revoked_at.is_(None),
            )
            .values(
                refresh_count=presented.count + 1,
                rotated_at=now,
                idle_expires_at=now + dt.timedelta(seconds=self._settings.refresh_idle_ttl),
            )
            .returning(AuthSession.id)
            .execution_options(synchronize_session=False)
        )
        return await self._session.scalar(statement) is not None

    async def _tolerate_twin(self, presented: Presented, actor: Actor) -> None:
        columns = (
            AuthSession.refresh_count,
            AuthSession.rotated_at,
            AuthSession.revoked_at,
            AuthSession.user_id,
        )
        count, rotated_at, revoked_at, user_id = (
            await self._session.execute(select(*columns).where(AuthSession.id == presented.session_id))
        ).one()
        if revoked_at is not None:
            raise InvalidRefreshToken
        fresh = utcnow() - rotated_at <= dt.timedelta(seconds=self._settings.refresh_grace)
        if presented.count + 1 == count and fresh:
            return
        async with durably(self._session) as other:
            await _end(other, user_id, "refresh_reuse", only=presented.session_id)
            await record(
                other,
                "session.refresh_reuse",
                actor,
                subject=user_id,
                resource=f"session:{presented.session_id}",
            )
            await self._post.within(other).send("sessions_ended", user_id)
        raise InvalidRefreshToken

    async def _pair(self, row: AuthSession, count: int, *, email_verified: bool) -> TokenPair:
        grants = await AccessService(session=self._session).grants(row.user_id)
        if not grants.roles:
            # Disabled or deleted while this request was on its way; everybody else is at least a member.
            raise InvalidRefreshToken
        access_token = self._tokens.issue(
            user_id=row.user_id,
            session_id=row.id,
            roles=grants.roles,
            scopes=grants.scopes,
            email_verified=email_verified,
            authenticated_at=row.authenticated_at,
            client_id=row.client_id or "bedplate",
        )
        return TokenPair(
            access_token, self._tokens.lifetime, self._refresh_tokens.make(row.id, row.nonce, count)
        )


async def end_sessions(
    session: Transaction,
    user_id: UUID,
    actor: Actor,
    *,
    because: str,
    only: UUID | None = None,
    keep: UUID | None = None,
) -> int:
    """End a person's sessions, all, one, or all but one; returns how many ended."""
    ended = await _end(session, user_id, because, only=only, keep=keep)
    for session_id in ended:
        resource = f"session:{session_id}"
        await record(session, "session.revoked", actor, subject=user_id, resource=resource, because=because)
    return len(ended)


def _alive(row: AuthSession, now: dt.datetime) -> bool:
    return row.revoked_at is None and now < row.expires_at and now < row.idle_expires_at


async def _end(
    session: Transaction, user_id: UUID, because: str, *, only: UUID | None = None, keep: UUID | None = None
) -> list[UUID]:
    statement = (
        update(AuthSession)
        .where(AuthSession.user_id == user_id, AuthSession.revoked_at.is_(None))
        .values(revoked_at=utcnow(), revoked_because=because)
        .returning(AuthSession.id)
        .execution_options(synchronize_session=False)
    )
    if only is not None:
        statement = statement.where(AuthSession.id == only)
    if keep is not None:
        statement = statement.where(AuthSession.id != keep)
    ended = list(await session.scalars(statement))
    await revoke(session, "session", *ended)
    return ended
