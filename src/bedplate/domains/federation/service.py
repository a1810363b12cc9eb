from typing import Literal
from uuid import UUID

import msgspec

from bedplate.domains.accounts import AccountService, Post, normalise_email
from bedplate.domains.accounts.errors import InvalidEmail
from bedplate.domains.accounts.reads import Credentials
from bedplate.domains.audit import Actor, record
from bedplate.domains.federation.errors import (
    AccountExists,
    AccountUnavailable,
    InvalidState,
    ProviderEmailUnverified,
    ProviderFailed,
    RedirectRefused,
    UnknownProvider,
)
from bedplate.domains.federation.identities import Identities
from bedplate.domains.federation.idtoken import IdClaims
from bedplate.domains.federation.pending import Pending, new_secrets, remember
from bedplate.domains.federation.provider import OpenIdProvider
from bedplate.domains.sessions.service import SessionService
from bedplate.domains.sessions.signin import register
from bedplate.platform.auth.revocation import revoke
from bedplate.platform.db import Transaction, durably
from bedplate.platform.secrets.seal import Sealer
from bedplate.settings.auth import AuthSettings
from bedplate.settings.oidc import OidcSettings


class Providers(msgspec.Struct, frozen=True):
    """The configured providers, and the address that they send people back to."""

    by_name: dict[str, OpenIdProvider]
    origin: str
    settings: OidcSettings

    def named(self, name: str) -> OpenIdProvider:
        """The provider of a name.

        Raises:
            UnknownProvider: none is configured.
        """
        if name not in self.by_name:
            raise UnknownProvider
        return self.by_name[name]

    async def close(self) -> None:
        """Close the connections to all of them."""
        for provider in self.by_name.values():
            await provider.close()

    def callback(self, name: str) -> str:
        """Our redirect URI at a provider; one each, so that no provider answers for another (RFC 9700 4.4)."""
        return f"{self.origin}/v1/auth/callback/{name}"


class FederationService:
    """Sign-in by a provider: sent there, brought back, and turned into an account."""

    def __init__(
        self,
        session: Transaction,
        *,
        providers: Providers,
        identities: Identities,
        sessions: SessionService,
        post: Post,
        sealer: Sealer,
        settings: AuthSettings,
    ) -> None:
        self._session = session
        self._providers = providers
        self._identities = identities
        self._sessions = sessions
        self._post = post
        self._sealer = sealer
        self._settings = settings

    async def begin(
        self,
        name: str,
        *,
        bound_by: Literal["cookie", "verifier"],
        binding: str,
        redirect_uri: str,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
    ) -> tuple[str, str]:
        """Note a sign-in and return where it goes to, and its state.

        Raises:
            UnknownProvider: none of this name is configured.
            RedirectRefused: it may not return to this address.
            ProviderFailed: the provider does not answer.
        """
        provider = self._providers.named(name)
        if redirect_uri and redirect_uri not in self._providers.settings.redirect_uris:
            raise RedirectRefused
        await provider.metadata()
        kept = new_secrets()
        state = await remember(
            self._session,
            self._sealer,
            kept,
            provider=name,
            bound_by=bound_by,
            binding=binding,
            redirect_uri=redirect_uri,
            user_id=user_id,
            session_id=session_id,
        )
        address = await provider.authorization_url(
            state=state,
            nonce=kept.nonce,
            challenge=kept.challenge,
            redirect_uri=self._providers.callback(name),
            prove=user_id is not None,
        )
        return address, state

    async def complete(self, pending: Pending, code: str, issuer: str | None, actor: Actor) -> Credentials:
        """Turn a provider's code into the account that may sign in.

        Raises:
            ProviderFailed: the provider refuses the code, or its ID token does not hold.
            AccountExists: the address belongs to a verified account that is not linked.
            ProviderEmailUnverified: somebody new, and the provider does not vouch for his address.
            AccountUnavailable: the account is disabled or closed.
            InvalidState: the session that began to link has ended.
        """
        provider = self._providers.named(pending.provider)
        await self._check_issuer(provider, issuer)
        answer = await provider.exchange(
            code, verifier=pending.secrets.verifier, redirect_uri=self._providers.callback(pending.provider)
        )
        claims = await provider.identify(answer.id_token, pending.secrets.nonce)
        user_id = await self._account(pending, claims, answer.refresh_token, actor)
        return await self._usable(user_id)

    async def note_failure(self, provider: str, actor: Actor, why: str) -> None:
        """Keep a failed sign-in on record, whatever becomes of the request."""
        async with durably(self._session) as other:
            await record(other, "session.login_failed", actor, provider=provider, because=why)

    async def _check_issuer(self, provider: OpenIdProvider, issuer: str | None) -> None:
        # RFC 9207: with several providers, one could hand out another's code.
        demanded = (await provider.metadata()).authorization_response_iss_parameter_supported
        if (issuer is None and demanded) or (issuer is not None and issuer != provider.settings.issuer):
            raise ProviderFailed("issuer_mismatch")

    async def _account(
        self, pending: Pending, claims: IdClaims, refresh_token: str | None, actor: Actor
    ) -> UUID:
        if pending.user_id is not None:
            # What ends a session, a new password say, also ends what it began.
            if not await self._sessions.lives(pending.session_id, pending.user_id):
                raise InvalidState
            await self._identities.link(pending.user_id, pending.provider, claims, refresh_token, actor)
            return pending.user_id
        owner = await self._identities.owner(claims)
        if owner is not None:
            await self._identities.note_use(claims, refresh_token)
            return owner
        user_id = await self._newcomer(claims, actor)
        await self._identities.link(user_id, pending.provider, claims, refresh_token, actor)
        return user_id

    async def _newcomer(self, claims: IdClaims, actor: Actor) -> UUID:
        email = self._address(claims)
        name = (claims.name or "")[:200]
        user_id = await register(self._session, email, name, None, actor, verified=True)
        if user_id is not None:
            return user_id
        account = await AccountService(session=self._session).by_email(email)
        if account is None or account.email_verified_at is not None or account.kind != "person":
            raise AccountExists
        # Whoever signed up with this address never proved that it is his; its owner stands before us now.
        await AccountService(session=self._session).take_over(account.id)
        await self._sessions.end_all(account.id, actor, because="taken_over")
        await revoke(self._session, "user", account.id)
        await record(self._session, "account.taken_over", actor, subject=account.id)
        return account.id

    def _address(self, claims: IdClaims) -> str:
        if claims.vouched_email is None:
            raise ProviderEmailUnverified
        try:
            return normalise_email(claims.vouched_email, allow_reserved=self._settings.allow_reserved_domains)
        except InvalidEmail:
            raise ProviderEmailUnverified from None

    async def _usable(self, user_id: UUID) -> Credentials:
        account = await AccountService(session=self._session).get_one_or_none(id=user_id)
        if account is None or account.disabled_at is not None or account.deleted_at is not None:
            raise AccountUnavailable
        return Credentials(
            account.id,
            account.email,
            account.name,
            account.password_hash,
            account.email_verified_at is not None,
            disabled=False,
            password_failures=account.password_failures,
        )
