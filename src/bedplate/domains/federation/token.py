from typing import Any

from litestar import Controller, Request, Response, post
from litestar.status_codes import HTTP_200_OK

from bedplate.domains.audit import Actor
from bedplate.domains.federation.binding import COOKIE
from bedplate.domains.federation.errors import InvalidState
from bedplate.domains.federation.pending import Pending, take
from bedplate.domains.federation.service import FederationService
from bedplate.domains.sessions.answers import signed_in
from bedplate.domains.sessions.errors import InvalidRefreshToken
from bedplate.domains.sessions.mfa.service import SecondFactor
from bedplate.domains.sessions.schemas import TokenPair
from bedplate.domains.sessions.service import SessionService
from bedplate.domains.sessions.tokens.errors import InvalidGrant, InvalidTokenRequest, UnsupportedGrantType
from bedplate.domains.sessions.tokens.schemas import TokenRequest
from bedplate.platform.auth.access import PUBLIC
from bedplate.platform.db import Transaction
from bedplate.platform.errors import Failure


class TokenEndpoint(Controller):
    """OAuth 2.0's token endpoint. There is no password grant (RFC 9700 section 2.4)."""

    path = "/v1/auth/token"
    tags = ("auth",)

    @post("/", access=PUBLIC, status_code=HTTP_200_OK, form=True)
    async def issue_token(
        self,
        request: Request[Any, Any, Any],
        data: TokenRequest,
        db: Transaction,
        federation: FederationService,
        second_factor: SecondFactor,
        sessions: SessionService,
        actor: Actor,
    ) -> Response[TokenPair]:
        """Trade a refresh token, or the code and state of a provider's callback, for tokens."""
        if data.grant_type == "refresh_token":
            return Response(await _refreshed(data, sessions, actor))
        if not data.grant_type:
            raise InvalidTokenRequest("Send grant_type")
        if data.grant_type != "authorization_code":
            raise UnsupportedGrantType
        if not data.code or not data.state:
            raise InvalidTokenRequest("Send code and state")
        pending = await _taken(request, db, data.state, data.code_verifier)
        try:
            account = await federation.complete(pending, data.code, data.iss, actor)
        except Failure as failure:
            await federation.note_failure(pending.provider, actor, failure.code)
            raise
        if not pending.links:
            await second_factor.demand(account, method=pending.provider, device=data.device)
        return await signed_in(  # pyright: ignore[reportReturnType] - tokens, for no cookie was asked for
            request, sessions, account, actor, method=pending.provider, device=data.device
        )


async def _taken(
    request: Request[Any, Any, Any], db: Transaction, state: str, verifier: str | None
) -> Pending:
    """Take the state for who began: he holds the verifier of his challenge, or his browser the cookie."""
    held = verifier or request.cookies.get(COOKIE, "")
    try:
        return await take(
            db, request.app.state.sealer, state, bound_by="verifier" if verifier else "cookie", held=held
        )
    except InvalidState:
        raise InvalidGrant from None


async def _refreshed(data: TokenRequest, sessions: SessionService, actor: Actor) -> TokenPair:
    if not data.refresh_token:
        raise InvalidTokenRequest("Send refresh_token")
    try:
        return await sessions.renew(data.refresh_token, actor)
    except InvalidRefreshToken:
        raise InvalidGrant from None
