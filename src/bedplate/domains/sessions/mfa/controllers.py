from typing import Any

from litestar import Controller, Request, Response, post
from litestar.status_codes import HTTP_200_OK

from bedplate.domains.audit import Actor
from bedplate.domains.factors.schemas import PasskeyOptions
from bedplate.domains.sessions.answers import proved_again, signed_in
from bedplate.domains.sessions.mfa.schemas import ChallengeOnly, PasskeyLogin, SecondStep, StepUp
from bedplate.domains.sessions.mfa.service import SecondFactor
from bedplate.domains.sessions.schemas import CookieSession, TokenPair
from bedplate.domains.sessions.service import SessionService
from bedplate.platform.auth.access import PUBLIC, Access
from bedplate.platform.auth.caller import Caller

OWN_SESSION = Access(verified=False, session=True)


class SecondFactorController(Controller):
    """The second step of a sign-in, signing in by passkey, and proving again who one is."""

    path = "/v1/auth"
    tags = ("auth",)

    @post("/mfa/login", access=PUBLIC, status_code=HTTP_200_OK)
    async def complete_login(
        self,
        request: Request[Any, Any, Any],
        data: SecondStep,
        second_factor: SecondFactor,
        sessions: SessionService,
        actor: Actor,
    ) -> Response[TokenPair | CookieSession]:
        """Finish a sign-in with a second factor."""
        proven = await second_factor.complete(data, actor)
        return await signed_in(
            request,
            sessions,
            proven.account,
            actor,
            method=proven.method,
            device=proven.device,
            as_cookie=data.cookie,
        )

    @post("/mfa/login/options", access=PUBLIC, status_code=HTTP_200_OK)
    async def offer_passkey_step(self, data: ChallengeOnly, second_factor: SecondFactor) -> PasskeyOptions:
        """Ask for what a browser needs to give a passkey as the second step."""
        return await second_factor.ask_for_passkey(data.challenge)

    @post("/passkeys/options", access=PUBLIC, status_code=HTTP_200_OK)
    async def offer_passkey_login(self, second_factor: SecondFactor) -> PasskeyOptions:
        """Ask for what a browser needs to sign in by a passkey alone."""
        return await second_factor.offer_passkey_login()

    @post("/passkeys/login", access=PUBLIC, status_code=HTTP_200_OK)
    async def log_in_by_passkey(
        self,
        request: Request[Any, Any, Any],
        data: PasskeyLogin,
        second_factor: SecondFactor,
        sessions: SessionService,
        actor: Actor,
    ) -> Response[TokenPair | CookieSession]:
        """Sign in by a passkey alone; no further factor is due."""
        proven = await second_factor.by_passkey(data, actor)
        return await signed_in(
            request,
            sessions,
            proven.account,
            actor,
            method=proven.method,
            device=proven.device,
            as_cookie=data.cookie,
        )

    @post("/step-up", access=OWN_SESSION, status_code=HTTP_200_OK)
    async def step_up(
        self,
        request: Request[Any, Any, Any],
        data: StepUp,
        caller: Caller,
        second_factor: SecondFactor,
        sessions: SessionService,
        actor: Actor,
    ) -> Response[TokenPair | CookieSession]:
        """Prove again who one is, for what asks for a proof of the last five minutes; new tokens come with it."""
        proven = await second_factor.prove_again(caller, data, actor)
        return await proved_again(request, sessions, caller, proven.account, actor, method=proven.method)

    @post("/step-up/options", access=OWN_SESSION, status_code=HTTP_200_OK)
    async def offer_passkey_step_up(self, caller: Caller, second_factor: SecondFactor) -> PasskeyOptions:
        """Ask for what a browser needs to prove by a passkey who one is."""
        return await second_factor.offer_step_up(caller)
