"""Sign-in with Google and any OpenID provider."""

from bedplate.domains.federation import models as models
from bedplate.domains.federation.controllers import FederationController
from bedplate.platform.domain import Domain

DOMAIN = Domain(name="federation", controllers=(FederationController,))

__all__ = ["DOMAIN"]
