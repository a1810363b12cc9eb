from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.datastructures import Cookie

from bedplate.domains.accounts.reads import Credentials
from bedplate.domains.audit import Actor
from bedplate.domains.sessions import cookies, devices
from bedplate.domains.sessions.schemas import CookieSession, Opening, TokenPair
from bedplate.domains.sessions.service import SessionService
from bedplate.platform.auth.access import SessionRequired
from bedplate.platform.auth.caller import Caller
from bedplate.platform.auth.origins import Origins


async def signed_in(
    request: Request[Any, Any, Any],
    sessions: SessionService,
    account: Credentials,
    actor: Actor,
    *,
    method: str,
    device: str = "",
    as_cookie: bool = False,
    own_page: bool = True,
) -> Response[TokenPair | CookieSession]:
    """Begin a session and answer with its tokens, or for a browser with its cookie.

    `own_page` asks that a page of ours sent the request; a provider's callback has other proof.

    Raises:
        CrossSite: another site's page asks for a cookie.
    """
    opening = Opening(method=method, device=device, known_device=on_known_device(request, account.id))
    if not as_cookie:
        pair = await sessions.open(account, actor, opening)
        return Response(pair, cookies=[_device_cookie(request, account.id)])
    if own_page:
        origins: Origins = request.app.state.origins
        origins.check(request.scope)
    value = await sessions.open_cookie(account, actor, opening)
    lifetime = int(request.app.state.settings.auth.session_ttl)
    session_cookie = _cookie(cookies.COOKIE, value, lifetime)
    return Response(CookieSession(lifetime), cookies=[session_cookie, _device_cookie(request, account.id)])


async def proved_again(
    request: Request[Any, Any, Any],
    sessions: SessionService,
    caller: Caller,
    account: Credentials,
    actor: Actor,
    *,
    method: str,
) -> Response[TokenPair | CookieSession]:
    """Renew what a fresh proof renews: a client's tokens, or a browser's cookie."""
    if caller.session_id is None:
        raise SessionRequired
    if "authorization" in request.headers:
        return Response(await sessions.reprove(caller.session_id, account, actor, method=method))
    value = await sessions.reprove_cookie(caller.session_id, account, actor, method=method)
    lifetime = int(request.app.state.settings.auth.session_ttl)
    return Response(CookieSession(lifetime), cookies=[_cookie(cookies.COOKIE, value, lifetime)])


def signed_out() -> Response[None]:
    """Answer 204 and take a browser's cookie away."""
    return Response(None, status_code=204, cookies=[_cookie(cookies.COOKIE, "", 0)])


def on_known_device(request: Request[Any, Any, Any], account_id: UUID) -> bool:
    """Whether the request comes from a device that the account has signed in from."""
    known: devices.Devices = request.app.state.devices
    return known.known(request.cookies.get(devices.COOKIE), account_id)


def _device_cookie(request: Request[Any, Any, Any], account_id: UUID) -> Cookie:
    known: devices.Devices = request.app.state.devices
    present = request.cookies.get(devices.COOKIE)
    value = present if present and known.known(present, account_id) else known.make(account_id)
    return _cookie(devices.COOKIE, value, devices.COOKIE_SECONDS)


def _cookie(name: str, value: str, seconds: int) -> Cookie:
    # The prefix holds browsers to Secure, to the path / and to this host alone (RFC 6265bis, 4.1.3.2).
    return Cookie(
        key=name, value=value, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict"
    )
