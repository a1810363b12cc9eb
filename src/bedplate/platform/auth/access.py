from collections.abc import Awaitable

import msgspec
from litestar import Litestar
from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute, WebSocketRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import utcnow
from bedplate.platform.errors import Forbidden, Unauthenticated

STEP_UP_SECONDS = 300
OPT = "access"


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Who may call a route; declared beside it as `access=…`, and a route without one does not start.

    `permission` must be among the caller's scopes; `verified` asks for a verified address; `step_up` for a
    proof of identity within the last five minutes; `session` refuses API keys. What a key may do is what it
    was given, so it may not call a route that names no permission, unless `keys` says so.
    """

    anonymous: bool = False
    permission: str | None = None
    verified: bool = True
    step_up: bool = False
    session: bool = False
    keys: bool = False


class UndeclaredAccess(Exception):  # noqa: N818 - a route's fault, not a caller's
    """A route does not say who may call it."""


class MissingScope(Forbidden):
    code, title = "missing_permission", "The credential does not grant this permission"


class UnverifiedEmail(Forbidden):
    code, title = "email_unverified", "Verify the account's e-mail address first"


class StepUpRequired(Forbidden):
    code, title = "step_up_required", "Prove who you are again, then repeat the request"


class SessionRequired(Forbidden):
    code, title = "session_required", "An API key cannot do this; sign in"


PUBLIC = Access(anonymous=True)
SIGNED_IN = Access()
UNVERIFIED = Access(verified=False)
"""Signed in, the address verified or not."""


def requires(permission: str, *, step_up: bool = False, session: bool = False) -> Access:
    """Access by a permission, `resource:action`."""
    return Access(permission=permission, step_up=step_up, session=session or step_up)


def stepped_up() -> Access:
    """Access for any signed-in person who proved who he is within the last five minutes."""
    return Access(step_up=True, session=True)


def access_of(handler: BaseRouteHandler) -> Access:
    """A route's declaration; what Litestar answers to OPTIONS by itself tells the allowed methods alone.

    Raises:
        UndeclaredAccess: the route has none; nobody may call it.
    """
    declared: Access | None = handler.opt.get(OPT)
    if declared is not None:
        return declared
    if isinstance(handler, HTTPRouteHandler) and handler.http_methods == {HttpMethod.OPTIONS}:
        return PUBLIC
    raise UndeclaredAccess(f"Say access=… beside {handler.handler_name}")


def refuse_undeclared(app: Litestar) -> None:
    """Keep an application from starting with a route that does not say who may call it, or would not be held to it.

    Raises:
        UndeclaredAccess: naming the first such route; a WebSocket's can only be public, for the layers that
            hold a caller against `access` see HTTP alone.
    """
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler]:
            access = access_of(handler)
            if isinstance(route, WebSocketRoute) and not access.anonymous:
                raise UndeclaredAccess(
                    f"The WebSocket {handler.handler_name} would be open to all: only HTTP is held to access=…; "
                    "check the caller in the handler and say access=PUBLIC"
                )


class AccessGate:
    """Holds a request against its route's declaration; claims alone, no I/O.

    Not one of Litestar's guards: it copies the route's handler for each of them at each request, which costs
    more than the check does.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: the caller may not; subclasses say why.
    """

    def __init__(self, app: ASGIApp, handler: BaseRouteHandler) -> None:
        self.app = app
        self._access = access_of(handler)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        caller: Caller | None = scope["user"]
        if not self._access.anonymous:
            if caller is None:
                raise Unauthenticated
            _check(self._access, caller)
        return self.app(scope, receive, send)


def _check(access: Access, caller: Caller) -> None:
    if caller.kind == "api_key" and (access.session or not (access.permission or access.keys)):
        raise SessionRequired
    if access.permission is not None and access.permission not in caller.scopes:
        raise MissingScope(extra={"permission": access.permission})
    if access.verified and not caller.email_verified:
        raise UnverifiedEmail
    if access.step_up and not proved_recently(caller):
        raise StepUpRequired(extra={"max_age": STEP_UP_SECONDS})


def proved_recently(caller: Caller) -> bool:
    """Whether the person proved who he is within the last five minutes."""
    proved = caller.authenticated_at
    return proved is not None and (utcnow() - proved).total_seconds() <= STEP_UP_SECONDS
