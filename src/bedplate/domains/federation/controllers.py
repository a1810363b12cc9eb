from litestar import Controller, get

from bedplate.domains.federation.schemas import Providers
from bedplate.platform.auth.access import PUBLIC


class FederationController(Controller):
    """Sign in with a provider."""

    path = "/v1/auth"
    tags = ("auth",)

    @get("/providers", access=PUBLIC)
    async def list_providers(self) -> Providers:
        """List the providers that one can sign in with; empty when none is configured."""
        return Providers([])
