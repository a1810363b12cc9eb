from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update

from bedplate.domains.accounts import AccountService, Post
from bedplate.domains.audit import Actor, record
from bedplate.domains.federation.errors import IdentityTaken, LastSignIn
from bedplate.domains.federation.idtoken import IdClaims
from bedplate.domains.federation.models import Identity
from bedplate.domains.federation.schemas import IdentityView
from bedplate.platform.db import Read, ReadPool, Transaction, utcnow
from bedplate.platform.errors import NotFound
from bedplate.platform.secrets.seal import Sealer

PURPOSE = "provider-token"


OF_USER = Read(
    select(
        Identity.id,
        Identity.provider,
        Identity.issuer,
        Identity.subject,
        Identity.created_at,
        Identity.last_used_at,
    )
    .where(Identity.user_id == bindparam("user_id"))
    .order_by(Identity.id),
    IdentityView,
)


async def export_identities(reads: ReadPool, user_id: UUID) -> list[IdentityView]:
    """A person's linked identities, for his archive."""
    return await OF_USER.all(reads, user_id=user_id)


class Identities:
    """Which provider's person is whose account."""

    def __init__(self, session: Transaction, *, sealer: Sealer, post: Post) -> None:
        self._session = session
        self._sealer = sealer
        self._post = post

    async def owner(self, claims: IdClaims) -> UUID | None:
        """The account of a provider's person: by issuer and subject alone."""
        statement = select(Identity.user_id).where(
            Identity.issuer == claims.iss, Identity.subject == claims.sub
        )
        return await self._session.scalar(statement)

    async def link(
        self, user_id: UUID, provider: str, claims: IdClaims, refresh_token: str | None, actor: Actor
    ) -> None:
        """Link a provider's person to an account.

        Raises:
            IdentityTaken: he is linked to another, by the constraint if that happens at once.
        """
        owner = await self.owner(claims)
        if owner is not None and owner != user_id:
            raise IdentityTaken
        if owner is None:
            self._session.add(
                Identity(
                    user_id=user_id,
                    provider=provider,
                    issuer=claims.iss,
                    subject=claims.sub,
                    last_used_at=utcnow(),
                )
            )
            await self._session.flush()
            await record(self._session, "identity.linked", actor, subject=user_id, provider=provider)
            await self._post.send("identity_linked", user_id, provider=provider, change="added")
        await self.note_use(claims, refresh_token)

    async def note_use(self, claims: IdClaims, refresh_token: str | None) -> None:
        """Note a sign-in, and keep the provider's refresh token, sealed."""
        statement = update(Identity).where(Identity.issuer == claims.iss, Identity.subject == claims.sub)
        values: dict[str, object] = {"last_used_at": utcnow()}
        if refresh_token:
            values["sealed_refresh_token"] = self._sealer.seal(PURPOSE, refresh_token.encode())
        await self._session.execute(statement.values(**values))

    async def unlink(self, user_id: UUID, identity_id: UUID, *, other_ways: bool, actor: Actor) -> None:
        """Take a link away.

        Raises:
            NotFound: he has no such link.
            LastSignIn: he could not sign in any more.
        """
        await AccountService(session=self._session).living(user_id)
        count = select(func.count()).where(Identity.user_id == user_id)
        left = await self._session.scalar(count) or 0
        statement = delete(Identity).where(Identity.id == identity_id, Identity.user_id == user_id)
        provider = await self._session.scalar(statement.returning(Identity.provider))
        if provider is None:
            raise NotFound
        if left == 1 and not other_ways:
            raise LastSignIn
        await record(self._session, "identity.unlinked", actor, subject=user_id, provider=provider)
        await self._post.send("identity_linked", user_id, provider=provider, change="removed")
