"""Living plans: the plan as data, its document without damage, and the drift between them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedplate.domains.plans.domain import DOMAIN

__all__ = ["DOMAIN"]


def __getattr__(name: str) -> object:
    # The command line reads documents alone: the service's imports would make each call take six times as long.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from bedplate.domains.plans.domain import DOMAIN

    return DOMAIN
