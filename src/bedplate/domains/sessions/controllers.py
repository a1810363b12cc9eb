from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from bedplate.domains.audit import Actor
from bedplate.domains.sessions.answers import signed_in, signed_out
from bedplate.domains.sessions.mfa.service import SecondFactor
from bedplate.domains.sessions.reads import SESSIONS
from bedplate.domains.sessions.schemas import (
    Accepted,
    CookieSession,
    Login,
    Refresh,
    SessionView,
    Signup,
    TokenPair,
)
from bedplate.domains.sessions.service import SessionService
from bedplate.domains.sessions.signin import SignIn
from bedplate.platform.auth.access import PUBLIC, UNVERIFIED
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool
from bedplate.platform.errors import NotFound
from bedplate.platform.http.answers import paged
from bedplate.platform.limits import SIGN_UP


class AuthController(Controller):
    """Sign up, sign in, renew, sign out."""

    path = "/v1/auth"
    tags = ("auth",)

    @post("/signup", access=PUBLIC, status_code=HTTP_202_ACCEPTED, limits=(SIGN_UP,))
    async def sign_up(self, data: Signup, sign_in: SignIn, actor: Actor) -> Accepted:
        """Open an account; the answer is the same for a known address."""
        await sign_in.sign_up(data, actor)
        return Accepted("If the address is new, the account is open; a mail says more")

    @post("/login", access=PUBLIC, status_code=HTTP_200_OK)
    async def log_in(
        self,
        request: Request[Any, Any, Any],
        data: Login,
        sign_in: SignIn,
        second_factor: SecondFactor,
        sessions: SessionService,
        actor: Actor,
    ) -> Response[TokenPair | CookieSession]:
        """Trade an address and a password for tokens, or in a browser for a session cookie."""
        account = await sign_in.check(data, actor)
        await second_factor.demand(account, method="password", device=data.device)
        return await signed_in(
            request,
            sessions,
            account,
            actor,
            method="password",
            device=data.device,
            as_cookie=data.cookie,
        )

    @post("/refresh", access=PUBLIC, status_code=HTTP_200_OK)
    async def refresh(self, data: Refresh, sessions: SessionService, actor: Actor) -> TokenPair:
        """Trade a refresh token for its successor and a new access token."""
        return await sessions.renew(data.refresh_token, actor)

    @post("/logout", access=UNVERIFIED, status_code=HTTP_204_NO_CONTENT)
    async def log_out(self, caller: Caller, sessions: SessionService, actor: Actor) -> Response[None]:
        """End the session of the access token or cookie."""
        if caller.session_id is not None:
            await sessions.end(caller.session_id, caller.user_id, actor, because="logout")
        return signed_out()

    @get("/sessions", access=UNVERIFIED)
    async def list_sessions(
        self, request: Request[Any, Any, Any], caller: Caller, reads: ReadPool, page: PageQuery
    ) -> Response[Page[SessionView]]:
        """List one's sign-ins that are alive."""
        found = await SESSIONS.page(reads, page, user_id=caller.user_id)
        items = [
            SessionView(**msgspec.structs.asdict(row), current=row.id == caller.session_id)
            for row in found.items
        ]
        return paged(request, Page(items, found.next_cursor))

    @delete("/sessions/{session_id:uuid}", access=UNVERIFIED)
    async def end_session(
        self, session_id: UUID, caller: Caller, sessions: SessionService, actor: Actor
    ) -> None:
        """End one of one's sign-ins; its access tokens die with it."""
        if not await sessions.end(session_id, caller.user_id, actor, because="revoked"):
            raise NotFound

    @delete("/sessions", access=UNVERIFIED)
    async def end_other_sessions(self, caller: Caller, sessions: SessionService, actor: Actor) -> None:
        """End all of one's sign-ins but this one."""
        await sessions.end_all(caller.user_id, actor, because="revoked", keep=caller.session_id)
