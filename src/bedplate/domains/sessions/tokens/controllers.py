from litestar import Controller, post
from litestar.status_codes import HTTP_200_OK

from bedplate.domains.audit import Actor
from bedplate.domains.sessions.service import SessionService
from bedplate.domains.sessions.tokens.schemas import RevokeRequest
from bedplate.platform.auth.access import PUBLIC


class TokenController(Controller):
    """OAuth 2.0's revocation endpoint."""

    path = "/v1/auth"
    tags = ("auth",)

    @post("/revoke", access=PUBLIC, status_code=HTTP_200_OK, form=True)
    async def revoke_token(self, data: RevokeRequest, sessions: SessionService, actor: Actor) -> None:
        """End the session of a token (RFC 7009); the answer is the same when there is nothing to end."""
        await sessions.end_by_token(data.token, actor)
