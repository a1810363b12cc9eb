from typing import Any

from litestar import Request

from bedplate.domains.accounts import Post
from bedplate.domains.federation.identities import Identities
from bedplate.domains.federation.provider import OpenIdProvider
from bedplate.domains.federation.service import FederationService, Providers
from bedplate.domains.sessions.service import SessionService
from bedplate.platform.db import Transaction
from bedplate.platform.http.outbound import outbound_client
from bedplate.settings.auth import AuthSettings
from bedplate.settings.oidc import OidcSettings, read_providers


def connect_providers(settings: OidcSettings, auth: AuthSettings, origin: str) -> Providers:
    """The configured providers; nothing is asked of them before the first sign-in.

    Raises:
        ValueError: the setting is wrong.
    """
    client = outbound_client(timeout=settings.timeout, allow_private=settings.allow_private_networks)
    found = {one.name: OpenIdProvider(one, client, skew=auth.clock_skew) for one in read_providers(settings)}
    return Providers(found, origin, settings)


def provide_providers(request: Request[Any, Any, Any]) -> Providers:
    """The dependency `providers`."""
    return request.app.state.providers


def provide_identities(request: Request[Any, Any, Any], db: Transaction, post: Post) -> Identities:
    """The dependency `identities`."""
    return Identities(db, sealer=request.app.state.sealer, post=post)


def provide_federation(
    request: Request[Any, Any, Any],
    db: Transaction,
    post: Post,
    sessions: SessionService,
    providers: Providers,
    identities: Identities,
) -> FederationService:
    """The dependency `federation`."""
    state = request.app.state
    return FederationService(
        db,
        providers=providers,
        identities=identities,
        sessions=sessions,
        post=post,
        sealer=state.sealer,
        settings=state.settings.auth,
    )
