"""Second factors: authenticator apps, recovery codes and passkeys."""

from bedplate.domains.factors import models as models
from bedplate.platform.domain import Domain

DOMAIN = Domain(name="factors")

__all__ = ["DOMAIN"]
