"""The other limit: a bare Litestar handler, no I/O."""

from litestar import Litestar, get


@get("/", sync_to_thread=False)
def bare() -> dict[str, str]:
    """Answer."""
    return {"status": "ok"}


app = Litestar([bare], openapi_config=None, logging_config=None)
