from typing import Any

from litestar import Request

from bedplate.domains.accounts.post import Post
from bedplate.platform.db import Transaction


def provide_post(request: Request[Any, Any, Any], db: Transaction) -> Post:
    """The dependency `post`."""
    return Post(db, request.app.state.sealer)
