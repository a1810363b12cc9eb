from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

from bedplate.platform.cache.answer import kept_answer, send_kept, send_made
from bedplate.platform.cache.assembly import Cache
from bedplate.platform.cache.capture import Capture
from bedplate.platform.cache.core import Made
from bedplate.platform.cache.declare import OPT, Cached
from bedplate.platform.cache.plan import Asked, CachePlan
from bedplate.platform.cache.store import Slot

FAILED = 500


class CacheLayer:
    """Answers from the cache where a route declares it; stands behind caller and limits.

    A route's guards run before a kept answer is given, as they do before a fresh one.
    """

    def __init__(self, app: ASGIApp, handler: BaseRouteHandler, cached: Cached, cache: Cache) -> None:
        self.app = app
        self._handler = handler
        self._cached = cached
        self._cache = cache
        self._plan: CachePlan | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != HttpMethod.GET:
            await self.app(scope, receive, send)
            return
        plan = self._plan
        if plan is None:
            plan = self._plan = CachePlan(self._handler, self._cached, scope["path_template"])
        asked = Asked.of(scope)
        slot = None if asked.bypasses or not self._cache.enabled else plan.slot(scope, asked)
        if slot is None:
            plan.results["bypass"]()
            await self.app(scope, receive, send)
            return
        if plan.guards:
            connection = ASGIConnection[Any, Any, Any, Any](scope)
            for guard in plan.guards:
                await guard(connection, plan.handler)
        got = self._cache.entries.at_hand(slot)
        if got is None or got.value is None:
            await self._get(scope, receive, send, plan, asked, slot)
            return
        plan.results[got.result]()
        await send_kept(got.value, got.age, asked.if_none_match, send)

    async def _get(
        self, scope: Scope, receive: Receive, send: Send, plan: CachePlan, asked: Asked, slot: Slot
    ) -> None:
        headers = scope["headers"]
        _drop_condition(scope, asked)
        capture = Capture(self._cache.max_entry, send)

        async def make() -> Made:
            await self.app(scope, receive, capture)
            return _made(capture, plan.cached)

        async def renew() -> Made:
            again = Capture(self._cache.max_entry, None)
            request = _copy(scope)
            _drop_condition(request, asked)
            await self.app(request, _nothing, again)
            return _made(again, plan.cached)

        got = await self._cache.entries.get(slot, plan.times, make, renew)
        scope["headers"] = headers
        plan.results[got.result]()
        if got.value is not None:
            await send_kept(got.value, got.age, asked.if_none_match, send)
        elif capture.started:
            await send_made(capture, asked.if_none_match, send)
        else:
            await self.app(scope, receive, send)


def cache_layer(app: ASGIApp, handler: BaseRouteHandler, cache: Cache) -> ASGIApp:
    """Cache the answers to a GET that declares it."""
    cached: Cached | None = handler.opt.get(OPT)
    gets = HttpMethod.GET in getattr(handler, "http_methods", ())
    return CacheLayer(app, handler, cached, cache) if gets and cached is not None else app


def _made(capture: Capture, cached: Cached) -> Made:
    return Made(kept_answer(capture, cached), failed=capture.status >= FAILED or not capture.whole)


def _drop_condition(scope: Scope, asked: Asked) -> None:
    # The handler makes the whole answer; whether the client has it is told from what is kept.
    if asked.if_none_match is not None:
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]


def _copy(scope: Scope) -> Scope:
    state = {"request_id": scope["state"].get("request_id")}
    return {**scope, "state": state}  # type: ignore[typeddict-item,return-value]


async def _nothing() -> HTTPReceiveMessage:
    return {"type": "http.request", "body": b"", "more_body": False}
