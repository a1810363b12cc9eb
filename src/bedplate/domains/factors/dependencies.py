from typing import Any

from litestar import Request

from bedplate.domains.accounts import Post
from bedplate.domains.factors.service import FactorService
from bedplate.platform.db import Transaction


def provide_factors(request: Request[Any, Any, Any], db: Transaction, post: Post) -> FactorService:
    """The dependency `factors`."""
    state = request.app.state
    return FactorService(db, sealer=state.sealer, post=post, party=state.relying_party)
