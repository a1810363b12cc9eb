from typing import Annotated

import msgspec
from msgspec import Meta


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The API's listener and its edges."""

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0: any free one.")] = 8000
    workers: Annotated[int, Meta(ge=1, le=256, description="Server processes.")] = 1
    public_url: Annotated[str, Meta(description="Origin that clients see; empty: the listener's.")] = ""
    max_body: Annotated[int, Meta(ge=1024, description="Bytes a request body may have.")] = 2_621_440
    max_json_depth: Annotated[int, Meta(ge=4, le=500, description="Nesting a JSON body may have.")] = 64
    page_limit: Annotated[
        int, Meta(ge=1, le=200, description="Rows of a list when the client does not say.")
    ] = 20
    allowed_origins: Annotated[
        tuple[str, ...], Meta(description="Origins that may call from a browser (CORS), comma-separated.")
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...], Meta(description="Networks whose X-Forwarded-For is believed, comma-separated.")
    ] = ()
    request_timeout: Annotated[
        float, Meta(gt=0, description="Seconds a request may take, streams apart.")
    ] = 30.0
    max_headers: Annotated[
        int,
        Meta(
            ge=8192,
            le=1_048_576,
            description="Bytes a request's head may have, then 431; 100 fields at most.",
        ),
    ] = 32_768
    header_timeout: Annotated[
        float,
        Meta(gt=0, description="Seconds a request's head may take to arrive, then the connection ends."),
    ] = 10.0
    body_timeout: Annotated[
        float, Meta(gt=0, description="Seconds a request's body may take to arrive, then 408.")
    ] = 15.0
    compress_from: Annotated[
        int,
        Meta(ge=0, description="Bytes from which answers are sent as zstd, br or gzip; 0: never."),
    ] = 1000
    allowed_hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="Host names that are answered, comma-separated, `*.example.org` with those below; others "
            "get 421. Empty: all, where a proxy sees to it."
        ),
    ] = ()
    shed_lag: Annotated[
        float,
        Meta(
            ge=0,
            description="Seconds the event loop may be late; when it is for `shed_after`, requests get 503. 0: never.",
        ),
    ] = 0.5
    shed_wait: Annotated[
        float,
        Meta(
            ge=0,
            description="Seconds a request may wait for a database connection before others get 503 at once. 0: never.",
        ),
    ] = 2.0
    shed_after: Annotated[
        float, Meta(gt=0, description="Seconds without a break that the event loop is late before it counts.")
    ] = 1.0
