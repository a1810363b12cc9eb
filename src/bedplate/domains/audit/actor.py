from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from bedplate.platform.auth.caller import Caller


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts, and from where; a job or the command line acts without an address."""

    user_id: UUID | None = None
    session_id: UUID | None = None
    key_id: UUID | None = None
    address: str | None = None
    user_agent: str = ""
    request_id: str | None = None


def current_actor(request: Request[Any, Any, Any]) -> Actor:
    """The dependency `actor`: the caller with the request's address."""
    caller: Caller | None = request.scope["user"]
    state = request.scope["state"]
    client = request.scope.get("client")
    return Actor(
        user_id=caller.user_id if caller else None,
        session_id=caller.session_id if caller else None,
        key_id=caller.key_id if caller else None,
        address=state.get("client_address") or (client[0] if client else None),
        user_agent=request.headers.get("user-agent", "")[:256],
        request_id=state.get("request_id"),
    )
