from litestar.types import Scope

from bedplate.platform.telemetry.scrape import may_scrape


def is_local_peer(scope: Scope) -> bool:
    """Whether the peer is a program on this machine that speaks for nobody else."""
    client = scope.get("client")
    return may_scrape(client[0] if client else None, list(scope["headers"]))
