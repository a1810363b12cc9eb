"""What RFC 9110 section 9.3 asks of methods that no handler is written for."""

import asyncio
from typing import Any

from litestar.exceptions import MethodNotAllowedException
from litestar.types import HTTPReceiveMessage, HTTPScope, Message, Receive, Send
from litestar.utils import normalize_path

RARE = frozenset({"HEAD", "OPTIONS"})


def in_rare_method(scope: HTTPScope, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Prepare a request in one of `RARE`, told apart here to cost the others a look at their method alone."""
    if scope["method"] == "OPTIONS":
        return receive, _Options(scope, send)
    head = _Head(scope, receive, send)
    return head.receive, head


def allowed(methods: str) -> str:
    """An Allow field that names HEAD where it names GET."""
    named = {name.strip() for name in methods.split(",") if name.strip()}
    return ", ".join(sorted(named | ({"HEAD"} if "GET" in named else set[str]())))


class _Head:
    """A HEAD is served as the GET it asks about; its body stays here (section 9.3.2).

    An answer without an end, such as a stream of events, is told after its head that the client has left.
    """

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._answered = asyncio.Event()
        self._asked = False
        scope["method"] = "GET"

    async def receive(self) -> Any:
        if not self._asked:
            self._asked = True
            nothing: HTTPReceiveMessage = {"type": "http.request", "body": b"", "more_body": False}
            return nothing
        await self._answered.wait()
        return {"type": "http.disconnect"}

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            # Routed by now; what is logged and counted is what was asked.
            self._scope["method"] = "HEAD"
            await self._send(message)
        elif message["type"] == "http.response.body" and not self._answered.is_set():
            self._answered.set()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class _Options:
    """Completes the answer to OPTIONS (section 9.3.7).

    Litestar's names the methods of one controller; where two share a path, the last one's.
    """

    def __init__(self, scope: HTTPScope, send: Send) -> None:
        self._scope = scope
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, self._allowed(value)) if name.lower() == b"allow" else (name, value)
                for name, value in message["headers"]
            ]
        await self._send(message)

    def _allowed(self, named: bytes) -> bytes:
        # A method that nothing is written for: the refusal names those that the path has.
        router = self._scope["litestar_app"].asgi_router
        try:
            router.handle_routing(path=normalize_path(self._scope["path"]), method="TRACE")  # type: ignore[arg-type]
        except MethodNotAllowedException as refusal:
            return allowed((refusal.headers or {}).get("allow", "")).encode()
        return named
