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
