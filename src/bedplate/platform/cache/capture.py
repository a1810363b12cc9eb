from litestar.types import Message, Send


class Capture:
    """Holds an answer back until it is whole; one that outgrows the bound goes its way unkept."""

    __slots__ = ("_limit", "_send", "body", "headers", "overflowed", "started", "status", "whole")

    def __init__(self, limit: int, send: Send | None) -> None:
        self._limit = limit
        self._send = send
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.started = self.whole = self.overflowed = False

    async def __call__(self, message: Message) -> None:
        if self.overflowed:
            await self._pass_on(message)
        elif message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            self.headers = [(name.lower(), value) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            self.whole = not message.get("more_body", False)
            if len(self.body) > self._limit and not self.whole:
                await self._overflow()

    async def replay(self, send: Send) -> None:
        """Send what was held back."""
        if not self.overflowed and self.started:
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            await send({"type": "http.response.body", "body": self.body, "more_body": False})

    async def _overflow(self) -> None:
        self.overflowed = True
        await self._pass_on({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await self._pass_on({"type": "http.response.body", "body": self.body, "more_body": True})
        self.body = b""

    async def _pass_on(self, message: Message) -> None:
        if self._send is not None:
            await self._send(message)
