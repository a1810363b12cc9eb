import httpx

from bedplate.platform.telemetry.routes import LONGEST_METHOD, METHODS, OTHER_METHOD
from bedplate.platform.telemetry.spans import Value, current_traceparent, span
from bedplate.platform.telemetry.told_url import port_of, told_url

_REFUSAL = 400


class TracedTransport(httpx.AsyncBaseTransport):
    """An outbound call is a client span, and hands the trace on: `AsyncClient(transport=TracedTransport())`.

    Told by OpenTelemetry's stable HTTP conventions; to a client every answer from 400 on is an error. The address
    is told without what providers put codes and tokens in, see `told_url`.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._inner = inner or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request inside a span."""
        method = request.method if request.method in METHODS else "HTTP"
        with span(method, "client") as here:
            if here.recorded:
                # Read before it is sent: a guard on the way puts an address in the host's place.
                here.set(**_asked(request))
            traceparent = current_traceparent()
            if traceparent is not None:
                request.headers["traceparent"] = traceparent
            response = await self._inner.handle_async_request(request)
            if here.recorded:
                here.set(**_answered(response))
                here.error = str(response.status_code) if response.status_code >= _REFUSAL else ""
            return response

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()


def _asked(request: httpx.Request) -> dict[str, Value]:
    known = request.method in METHODS
    told: dict[str, Value] = {
        "http.request.method": request.method if known else OTHER_METHOD,
        "server.address": request.url.host,
        "server.port": port_of(request.url),
        "url.full": told_url(request.url),
    }
    if not known:
        told["http.request.method_original"] = request.method[:LONGEST_METHOD]
    return told


def _answered(response: httpx.Response) -> dict[str, Value]:
    told: dict[str, Value] = {"http.response.status_code": response.status_code}
    version = response.extensions.get("http_version")
    if isinstance(version, bytes):
        told["network.protocol.version"] = version.decode("ascii").removeprefix("HTTP/")
    return told
