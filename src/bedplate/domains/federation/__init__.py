"""Sign-in with Google and any OpenID provider, linked to accounts by issuer and subject."""

from litestar.di import Provide

from bedplate.domains.federation.controllers import FederationController
from bedplate.domains.federation.dependencies import (
    connect_providers,
    provide_federation,
    provide_identities,
    provide_providers,
)
from bedplate.domains.federation.errors import IdentityTaken
from bedplate.domains.federation.identities import export_identities
from bedplate.domains.federation.metrics import METRICS
from bedplate.domains.federation.pending import SWEEPING, sweep
from bedplate.domains.federation.token import TokenEndpoint
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="federation",
    metrics=METRICS,
    controllers=(FederationController, TokenEndpoint),
    jobs=(sweep,),
    schedules=(SWEEPING,),
    errors={"uq_federated_identity_issuer_subject": IdentityTaken},
    dependencies={
        "providers": Provide(provide_providers, sync_to_thread=False),
        "identities": Provide(provide_identities, sync_to_thread=False),
        "federation": Provide(provide_federation, sync_to_thread=False),
    },
    exports={"identities": export_identities},
    examples={
        "authorization_url": "https://login.example/authorize?client_id=bedplate&state=x7Kq",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "issuer": "https://login.example",
        "provider": "company",
        "redirect_uri": "https://client.example/callback",
        "subject": "248289761001",
        "AuthorizationView.state": "x7KqM2vB9c",
        "ProviderView.name": "company",
        "ProviderView.title": "Company account",
        "TokenRequest.refresh_token": "rt_4hQ9vXk2mZ7c",
    },
)

__all__ = ["DOMAIN", "connect_providers"]
