"""Row 19: every route, with every kind of caller, against the `access=…` that stands beside it."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, WebSocket, get, websocket

from bedplate.app import DOMAINS, create_app
from bedplate.domains.access import is_administrative
from bedplate.platform.auth.access import (
    SIGNED_IN,
    STEP_UP_SECONDS,
    Access,
    UndeclaredAccess,
    refuse_undeclared,
)
from bedplate.platform.db import new_id
from bedplate.platform.domain import Domain
from bedplate.settings import Settings
from fixtures.people import Join, Person
from fixtures.routes import Route, routes_of
from fixtures.sharing import new_key, new_team, with_key
from fixtures.things import WORDS, Things, make_things

pytestmark = pytest.mark.security

GUARD = {
    "unauthenticated",
    "invalid_token",
    "invalid_api_key",
    "missing_permission",
    "email_unverified",
    "step_up_required",
    "session_required",
}
# What belongs to one person, whatever his teams: for everybody else it does not exist.
PRIVATE = {"session_id", "key_id", "passkey_id", "identity_id", "provider"}
# Where a viewer of a team may do more than look, and where he may not even look.
VIEWER_MAY = {"leave_team"}
OWNERS_LOOK = {"list_invitations"}


@dataclass(frozen=True)
class Kind:
    """A kind of caller: what the credential grants, and what is known of the person behind it."""

    name: str
    headers: Callable[[Access], Awaitable[dict[str, str]]]
    scopes: Callable[[Access], set[str]]
    anonymous: bool = False
    verified: bool = True
    fresh: bool = True
    key: bool = False

    def refusals(self, access: Access) -> set[str]:
        """The codes that a declaration allows for a refusal of this caller; none: he is let in."""
        if access.anonymous:
            return set()
        if self.anonymous:
            return {"unauthenticated"}
        reasons = {
            "session_required": self.key and (access.session or not (access.permission or access.keys)),
            "missing_permission": access.permission is not None
            and access.permission not in self.scopes(access),
            "email_unverified": access.verified and not self.verified,
            "step_up_required": access.step_up and not self.fresh and not self.key,
        }
        return {code for code, applies in reasons.items() if applies}


class Callers:
    """Credentials for the walk, all of one administrator whom the walk may harm."""

    def __init__(self, app: Litestar, client: httpx.AsyncClient, admin: Person) -> None:
        self._app = app
        self._client = client
        self._admin = admin
        self.everything = set(app.state.permissions)
        self._keys: dict[str | None, dict[str, str]] = {}

    def kinds(self) -> list[Kind]:
        """Every kind of caller of the matrix."""

        def all_but(access: Access) -> set[str]:
            return self.everything - {access.permission}

        def everything(_: Access) -> set[str]:
            return self.everything

        def member(_: Access) -> set[str]:
            return {name for name in self.everything if not is_administrative(name)}

        async def nobody(_: Access) -> dict[str, str]:
            return {}

        return [
            Kind("anonymous", nobody, everything, anonymous=True),
            Kind("administrator", self._token(everything), everything),
            Kind("member", self._token(member), member),
            Kind("session without the permission", self._token(all_but), all_but),
            Kind("unverified", self._token(everything, verified=False), everything, verified=False),
            Kind("proof too old", self._token(everything, fresh=False), everything, fresh=False),
            Kind("key", self._key(None), everything, key=True),
            Kind("key without the permission", self._key_without, all_but, key=True),
        ]

    def _token(
        self, scopes: Callable[[Access], set[str]], *, verified: bool = True, fresh: bool = True
    ) -> Callable[[Access], Awaitable[dict[str, str]]]:
        async def mint(access: Access) -> dict[str, str]:
            age = dt.timedelta(seconds=0 if fresh else STEP_UP_SECONDS + 5)
            token = self._app.state.tokens.issue(
                user_id=UUID(self._admin.user_id),
                session_id=new_id(),
                roles=[],
                scopes=sorted(scopes(access)),
                email_verified=verified,
                authenticated_at=dt.datetime.now(dt.UTC) - age,
            )
            return {"Authorization": f"Bearer {token}"}

        return mint

    def _key(self, without: str | None) -> Callable[[Access], Awaitable[dict[str, str]]]:
        async def key(_: Access) -> dict[str, str]:
            if without not in self._keys:
                made = await new_key(self._client, self._admin, *(self.everything - {without}))
                self._keys[without] = with_key(made)
            return self._keys[without]

        return key

    async def _key_without(self, access: Access) -> dict[str, str]:
        return await self._key(access.permission)(access)


def code_of(answer: httpx.Response) -> str:
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.json()["code"] if is_problem else ""


def told_by(answer: httpx.Response) -> str:
    """Where a refusal points, for the list of faults."""
    return (
        ", ".join(f"{e['pointer']} {e['message']}" for e in answer.json().get("errors", []))
        if code_of(answer)
        else ""
    )


def undeclared(app: Litestar) -> list[str]:
    return [str(route) for route in routes_of(app) if not isinstance(route.handler.opt.get("access"), Access)]


def test_row_19_a_route_without_a_declaration_fails(app: Litestar) -> None:
    assert undeclared(app) == []

    @get("/bare", sync_to_thread=False)
    def bare() -> None: ...

    faulty = Litestar([bare], openapi_config=None)
    assert undeclared(faulty) == ["GET /bare (bare)"]
    with pytest.raises(UndeclaredAccess, match="bare"):
        refuse_undeclared(faulty)


def test_row_19_a_service_with_such_a_route_does_not_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    @get("/bare", sync_to_thread=False)
    def bare() -> None: ...

    monkeypatch.setattr("bedplate.app.DOMAINS", (*DOMAINS, Domain(name="faulty", controllers=(bare,))))
    with pytest.raises(UndeclaredAccess, match="bare"):
        create_app(settings)


def test_row_19_a_websocket_is_not_started_as_if_it_were_guarded() -> None:
    @websocket("/socket", access=SIGNED_IN)
    async def socket(socket: WebSocket[Any, Any, Any]) -> None: ...

    with pytest.raises(UndeclaredAccess, match="socket"):
        refuse_undeclared(Litestar([socket], openapi_config=None))


def test_row_19_every_permission_of_a_route_is_declared(app: Litestar) -> None:
    named = {route.access.permission for route in routes_of(app)} - {None}
    assert named <= set(app.state.permissions)


async def test_row_19_every_route_with_every_kind_of_caller(
    app: Litestar, asgi: httpx.AsyncClient, make_admin: Join, capsys: pytest.CaptureFixture[str]
) -> None:
    callers = Callers(app, asgi, await make_admin(asgi))
    kinds = callers.kinds()
    for kind in kinds:
        # Keys are made before the walk harms their owner.
        for route in routes_of(app):
            await kind.headers(route.access)
    # What closes the account comes last: it is the one that nothing after it survives.
    routes = sorted(routes_of(app), key=lambda route: (route.method == "DELETE", route.path == "/v1/me"))
    faults: list[str] = []
    for route in routes:
        for kind in sorted(kinds, key=lambda kind: not kind.refusals(route.access)):
            if route.streams and not route.parameters and not kind.refusals(route.access):
                continue
            answer = await asgi.request(**route.request(WORDS, await kind.headers(route.access)))
            expected, code = kind.refusals(route.access), code_of(answer)
            let_in = code not in GUARD and answer.status_code < 500
            refused = code in expected and answer.status_code == (401 if kind.anonymous else 403)
            if not (refused if expected else let_in):
                faults.append(
                    f"{route}, {kind.name}: {answer.status_code} {code}, not {expected or 'let in'}"
                )
    assert not faults, "\n".join(faults)
    with capsys.disabled():
        print(f" matrix: {len(routes)} routes × {len(kinds)} callers = {len(routes) * len(kinds)} ", end="")


@pytest.fixture
async def things(
    app: Litestar, asgi: httpx.AsyncClient, join: Join, run_jobs: Callable[[], Awaitable[None]]
) -> Things:
    return await make_things(app, asgi, join, run_jobs)


def with_objects(app: Litestar) -> list[Route]:
    """The routes that name somebody's things, and whose permission does not make everybody's one's own."""
    return [
        route
        for route in routes_of(app)
        if set(route.parameters) - set(WORDS)
        and not route.access.anonymous
        and not is_administrative(route.access.permission or "")
    ]


def test_row_19_every_thing_that_a_path_names_is_made(app: Litestar, things: Things) -> None:
    named = {name for route in with_objects(app) for name in route.parameters}
    missing = named - set(things.ids) - set(WORDS)
    assert not missing, f"say in tests/fixtures/things.py how one is made: {missing}"


async def test_row_19_other_peoples_things_do_not_exist(
    app: Litestar,
    asgi: httpx.AsyncClient,
    join: Join,
    things: Things,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other, boss = await join(asgi), await join(asgi)
    team_id = await new_team(asgi, boss)
    scopes = [name for name in app.state.permissions if not is_administrative(name)]
    key = await new_key(asgi, boss, *scopes, team_id=team_id)
    callers = {"another person": other.headers, "another team's owner": boss.headers}
    callers["another team's key"] = with_key(key)
    routes, faults = with_objects(app), list[str]()
    for route in routes:
        for who, headers in callers.items():
            try:
                # A stream that lets a stranger in would not end.
                async with asyncio.timeout(30):
                    answer = await asgi.request(**route.request({**WORDS, **things.ids}, headers))
            except TimeoutError:
                faults.append(f"{route}, {who}: let in, and told on and on")
                continue
            by_key = "key" in who and code_of(answer) == "session_required"
            if answer.status_code != 404 and not by_key:
                faults.append(f"{route}, {who}: {answer.status_code} {code_of(answer)} {told_by(answer)}")
    assert not faults, "\n".join(faults)
    with capsys.disabled():
        print(
            f" objects: {len(routes)} routes × {len(callers)} strangers = {len(routes) * len(callers)} ",
            end="",
        )


async def test_row_19_a_viewer_looks_and_changes_nothing(
    app: Litestar, asgi: httpx.AsyncClient, things: Things, capsys: pytest.CaptureFixture[str]
) -> None:
    routes, faults = with_objects(app), list[str]()
    for route in routes:
        if route.streams or route.name in VIEWER_MAY:
            continue
        ids = {**WORDS, **things.ids}
        answer = await asgi.request(**route.request(ids, things.viewer.headers))
        if PRIVATE & set(route.parameters):
            fits = answer.status_code == 404
        elif route.method != "GET" or route.name in OWNERS_LOOK:
            fits = answer.status_code in {403, 404}
        else:
            owners = await asgi.request(**route.request(ids, things.owner.headers))
            fits = answer.status_code == owners.status_code
        if not fits:
            faults.append(f"{route}: {answer.status_code} {code_of(answer)} {told_by(answer)}")
    assert not faults, "\n".join(faults)
    with capsys.disabled():
        print(f" a viewer: {len(routes)} routes ", end="")


async def test_row_20_unknown_fields_are_refused_everywhere(
    app: Litestar, asgi: httpx.AsyncClient, make_admin: Join
) -> None:
    admin = await make_admin(asgi)
    faults: list[str] = []
    checked = 0
    for route in routes_of(app):
        request = route.request(WORDS, admin.headers)
        # A token endpoint ignores what it does not know (RFC 6749, section 3.2).
        if not isinstance(request.get("json"), dict) or route.handler.opt.get("form"):
            continue
        checked += 1
        for field in ("is_verified", "is_superuser", "owner_id"):
            answer = await asgi.request(**{**request, "json": {**request["json"], field: True}})
            errors = answer.json().get("errors", [])
            told = [error["pointer"] for error in errors if error["rule"] == "unknown_field"]
            if answer.status_code != 422 or told != [f"/{field}"]:
                faults.append(f"{route}: {answer.status_code} {code_of(answer)} {told_by(answer)}")
    assert not faults, "\n".join(faults)
    assert checked > 30


async def test_row_19_options_tell_the_methods_and_no_more(app: Litestar, asgi: httpx.AsyncClient) -> None:
    for route in routes_of(app):
        path = route.request(WORDS, {})["url"]
        for headers in ({}, {"Authorization": "Bearer stale"}):
            answer = await asgi.options(path, headers=headers)
            assert answer.status_code == 204, f"{route}: {answer.status_code}"
            assert "OPTIONS" in answer.headers["allow"]
            assert not answer.content
