"""How a request's body comes in: not encoded, not for ever, and whole."""

import asyncio
from collections.abc import Awaitable

from litestar.exceptions import InternalServerException
from litestar.types import Scope

from bedplate.platform.errors import BadRequest, Failure, FieldError, UnsupportedMediaType
from bedplate.platform.telemetry.metrics import counter

REFUSED = counter("bodies_refused_total", "Bodies that were not read to their end, by why.", ("reason",))
REFUSED.begin(("encoded", "slow", "cut"))


class SlowBody(Failure):
    """RFC 9110 section 15.5.9; the connection is of no more use, the rest of the body is still to come on it."""

    status, code, title = 408, "request_timeout", "The body did not arrive in time"

    def __init__(self) -> None:
        super().__init__(headers={"Connection": "close"})


async def in_time[T](body: Awaitable[T], seconds: float) -> T:
    """Wait for a body, but not longer than `seconds`.

    Raises:
        SlowBody: it trickles.
        BadRequest: the client left before its end.
    """
    try:
        async with asyncio.timeout(seconds):
            return await body
    except TimeoutError:
        REFUSED("slow").inc()
        raise SlowBody from None
    except InternalServerException:
        # Litestar's word for a client that left; it is no fault of ours.
        REFUSED("cut").inc()
        errors = [FieldError("", "complete", "The connection ended before the body")]
        raise BadRequest("The body is not complete", errors=errors) from None


def refuse_encoded(scope: Scope) -> None:
    """Refuse a body in a content coding; nothing is decoded, so no small body can become a huge one.

    Called once it is read: a client that is still writing might never see the answer.

    Raises:
        UnsupportedMediaType: with what is accepted (RFC 9110 section 15.5.16).
    """
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
            REFUSED("encoded").inc()
            raise UnsupportedMediaType(
                "Send the body as it is, without Content-Encoding", headers={"Accept-Encoding": "identity"}
            )
