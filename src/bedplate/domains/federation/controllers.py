import secrets
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from bedplate.domains.accounts import AccountService
from bedplate.domains.accounts.reads import Credentials
from bedplate.domains.audit import Actor
from bedplate.domains.factors import FactorService
from bedplate.domains.factors.errors import MfaRequired
from bedplate.domains.federation.binding import COOKIE, binding_cookie
from bedplate.domains.federation.errors import InvalidState, ProviderFailed
from bedplate.domains.federation.identities import OF_USER, Identities
from bedplate.domains.federation.pending import Pending, look, s256, take
from bedplate.domains.federation.schemas import (
    AuthorizationView,
    CallbackCode,
    IdentityView,
    LinkRequest,
    ProviderView,
)
from bedplate.domains.federation.service import FederationService, Providers
from bedplate.domains.sessions.answers import signed_in
from bedplate.domains.sessions.mfa.page import second_step_page
from bedplate.domains.sessions.mfa.service import SecondFactor
from bedplate.domains.sessions.schemas import CookieSession, TokenPair
from bedplate.domains.sessions.service import SessionService
from bedplate.platform.auth.access import PUBLIC, Access, stepped_up
from bedplate.platform.auth.caller import Caller
from bedplate.platform.auth.origins import Origins
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction, computed_page
from bedplate.platform.errors import Failure, invalid
from bedplate.platform.http.answers import paged


class FederationController(Controller):
    """Sign in with a provider, and link one to an account."""

    path = "/v1/auth"
    tags = ("auth",)

    @get("/providers", access=PUBLIC)
    async def list_providers(
        self, request: Request[Any, Any, Any], providers: Providers, page: PageQuery
    ) -> Response[Page[ProviderView]]:
        """List the providers that one can sign in with; empty when none is configured."""
        found = [one.settings for one in providers.by_name.values()]
        views = [ProviderView(one.name, one.title) for one in found]
        return paged(request, computed_page(page, "providers", views, lambda each: each.name))

    @get(
        "/authorize",
        access=PUBLIC,
        status_code=HTTP_200_OK,
        responses={HTTP_303_SEE_OTHER: ResponseSpec(None, description="On to the provider")},
    )
    async def authorize(
        self,
        request: Request[Any, Any, Any],
        federation: FederationService,
        provider: Annotated[str, QueryParameter(max_length=32, description="A name of `/v1/auth/providers`")],
        code_challenge: Annotated[
            str | None,
            QueryParameter(
                pattern=r"^[A-Za-z0-9_-]{43}$",
                description="S256 challenge of the client's verifier; a browser leaves it out, a cookie binds it",
            ),
        ] = None,
        code_challenge_method: Annotated[
            str | None, QueryParameter(max_length=16, description="`S256`, the only one")
        ] = None,
        redirect_uri: Annotated[
            str, QueryParameter(max_length=2048, description="One of the addresses that are let in")
        ] = "",
    ) -> Response[Any]:
        """Begin a sign-in: redirects to the provider, or tells a client that asks for JSON where to go."""
        if code_challenge_method not in {None, "S256"}:
            raise invalid("/code_challenge_method", "enum", "Only S256 is accepted")
        binding = code_challenge or secrets.token_urlsafe(32)
        address, state = await federation.begin(
            provider,
            bound_by="verifier" if code_challenge else "cookie",
            binding=code_challenge or s256(binding),
            redirect_uri=redirect_uri,
        )
        cookies = [] if code_challenge else [binding_cookie(binding)]
        if "application/json" in request.headers.get("accept", ""):
            return Response(AuthorizationView(address, state), cookies=cookies)
        return Redirect(address, status_code=HTTP_303_SEE_OTHER, cookies=cookies)

    @get(
        "/callback/{name:str}",
        access=PUBLIC,
        status_code=HTTP_200_OK,
        any_query=True,
        produces={"text/html": "string"},
        responses={HTTP_303_SEE_OTHER: ResponseSpec(None, description="Back to where the sign-in began")},
    )
    async def return_from_provider(
        self,
        request: Request[Any, Any, Any],
        name: str,
        db: Transaction,
        federation: FederationService,
        second_factor: SecondFactor,
        sessions: SessionService,
        actor: Actor,
        returned_state: Annotated[str, QueryParameter(name="state", max_length=256)],
        code: Annotated[str | None, QueryParameter(max_length=4096)] = None,
        iss: Annotated[str | None, QueryParameter(max_length=2048)] = None,
        error: Annotated[str | None, QueryParameter(max_length=64)] = None,
    ) -> Response[Any]:
        """Where the provider sends people back to: a browser is signed in, a client gets its code.

        A browser whose account has a second factor gets a page that asks for it.
        """
        waiting = await look(db, returned_state)
        if error is not None or code is None:
            await federation.note_failure(name, actor, "provider_error")
            raise ProviderFailed(error or "")
        if not waiting.in_browser:
            return _hand_on(CallbackCode(code, returned_state, iss), waiting.redirect_uri)
        held = request.cookies.get(COOKIE, "")
        pending = await take(db, request.app.state.sealer, returned_state, bound_by="cookie", held=held)
        if pending.provider != name:
            raise InvalidState
        account = await _completed(federation, pending, code, iss, actor)
        if not pending.links:
            try:
                await second_factor.demand(account, method=name, device="")
            except MfaRequired as due:
                return _asked_for_more(request, due, waiting.redirect_uri)
        # The request came from the provider's page: that it is the initiator's browser, the cookie has shown.
        answer = await signed_in(
            request, sessions, account, actor, method=name, as_cookie=True, own_page=False
        )
        return _returned(answer, waiting.redirect_uri)

    @get("/identities", access=Access(verified=False, session=True))
    async def list_identities(
        self, request: Request[Any, Any, Any], caller: Caller, reads: ReadPool, page: PageQuery
    ) -> Response[Page[IdentityView]]:
        """List the providers that one's account is linked to."""
        found = await OF_USER.all(reads, user_id=caller.user_id)
        return paged(request, computed_page(page, "identities", found, lambda each: each.id))

    @post("/identities", access=stepped_up(), status_code=HTTP_200_OK)
    async def link_identity(
        self,
        request: Request[Any, Any, Any],
        data: LinkRequest,
        caller: Caller,
        federation: FederationService,
    ) -> Response[AuthorizationView]:
        """Begin to link a provider to one's account; it goes on like a sign-in."""
        binding = data.code_challenge or secrets.token_urlsafe(32)
        if data.code_challenge is None:
            origins: Origins = request.app.state.origins
            origins.check(request.scope)
        address, state = await federation.begin(
            data.provider,
            bound_by="verifier" if data.code_challenge else "cookie",
            binding=data.code_challenge or s256(binding),
            redirect_uri=data.redirect_uri,
            user_id=caller.user_id,
            session_id=caller.session_id,
        )
        cookies = [] if data.code_challenge else [binding_cookie(binding)]
        return Response(AuthorizationView(address, state), cookies=cookies)

    @delete("/identities/{identity_id:uuid}", access=stepped_up())
    async def unlink_identity(
        self,
        identity_id: UUID,
        caller: Caller,
        db: Transaction,
        identities: Identities,
        factors: FactorService,
        actor: Actor,
    ) -> None:
        """Take a link to a provider away, if there is another way to sign in."""
        account = await AccountService(session=db).living(caller.user_id)
        ways = account.password_hash is not None or "passkey" in await factors.methods(caller.user_id)
        await identities.unlink(caller.user_id, identity_id, other_ways=ways, actor=actor)


async def _completed(
    federation: FederationService, pending: Pending, code: str, iss: str | None, actor: Actor
) -> Credentials:
    try:
        return await federation.complete(pending, code, iss, actor)
    except Failure as failure:
        await federation.note_failure(pending.provider, actor, failure.code)
        raise


def _hand_on(code: CallbackCode, redirect_uri: str) -> Response[Any]:
    if not redirect_uri:
        return Response(code)
    query = {"code": code.code, "state": code.state, **({"iss": code.iss} if code.iss else {})}
    joint = "&" if "?" in redirect_uri else "?"
    return Redirect(f"{redirect_uri}{joint}{urlencode(query)}", status_code=HTTP_303_SEE_OTHER)


def _asked_for_more(request: Request[Any, Any, Any], due: MfaRequired, redirect_uri: str) -> Response[Any]:
    if "text/html" not in request.headers.get("accept", ""):
        raise due
    return second_step_page(due.challenge, due.methods, redirect_uri, cookies=[binding_cookie("", 0)])


def _returned(answer: Response[TokenPair | CookieSession], redirect_uri: str) -> Response[Any]:
    answer.cookies.append(binding_cookie("", 0))
    if not redirect_uri:
        return answer
    return Redirect(redirect_uri, status_code=HTTP_303_SEE_OTHER, cookies=answer.cookies)
