import httpx

from bedplate.platform.telemetry.spans import current_traceparent, span


class TracedTransport(httpx.AsyncBaseTransport):
    """An outbound call is a client span, and hands the trace on: `AsyncClient(transport=TracedTransport())`.

    The address is told without path and query, as providers put codes and tokens there.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._inner = inner or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request inside a span."""
        told = {"http.request.method": request.method, "server.address": request.url.host}
        with span(request.method, "client", **told) as here:
            traceparent = current_traceparent()
            if traceparent is not None:
                request.headers["traceparent"] = traceparent
            response = await self._inner.handle_async_request(request)
            here.set(**{"http.response.status_code": response.status_code})
            return response

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()
