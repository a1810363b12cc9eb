import asyncio

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from bedplate.platform.errors import Unavailable


class Deadline:
    """Gives a request so long to begin its answer; a stream, once begun, takes as long as it likes."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        deadline = asyncio.timeout(self._seconds)
        try:
            async with deadline:

                async def send_in_time(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        deadline.reschedule(None)
                    await send(message)

                await self.app(scope, receive, send_in_time)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise Unavailable("The request took too long", retry_after=5) from error
