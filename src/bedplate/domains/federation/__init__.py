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
from bedplate.domains.federation.pending import SWEEPING, sweep
from bedplate.domains.federation.token import TokenEndpoint
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="federation",
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
)

__all__ = ["DOMAIN", "connect_providers"]
