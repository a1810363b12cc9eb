from typing import Any

from litestar import Request, Response, get

from bedplate.platform.auth.access import PUBLIC
from bedplate.platform.errors import NotFound
from bedplate.platform.telemetry.scrape import may_scrape, metrics_handler


@get("/metrics", access=PUBLIC, limits=(), include_in_schema=False)
async def get_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Every series of every process in Prometheus' text format, for loopback callers alone.

    Raises:
        NotFound: for anybody else; give metrics a port of their own there.
    """
    client = request.scope.get("client")
    if not may_scrape(client[0] if client else None, list(request.scope["headers"])):
        raise NotFound
    body, media_type = await metrics_handler()
    # As a header, for to a media type of text the framework adds a charset, and this one has it.
    return Response(body, headers={"Content-Type": media_type, "Cache-Control": "no-store"})
