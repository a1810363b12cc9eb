import asyncio
import ipaddress
from collections.abc import Sequence

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from bedplate.platform.telemetry.multiprocess import forget_dead, shared_folder

FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})


async def metrics_handler() -> tuple[bytes, str]:
    """Render every series of every process in the text format, and its content type; takes no part in the loop."""
    return await asyncio.to_thread(render), CONTENT_TYPE_LATEST


def render() -> bytes:
    """Render every series; of all processes where they share a folder, else of this one."""
    folder = shared_folder()
    if folder is None:
        return generate_latest(REGISTRY)
    forget_dead(folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return generate_latest(registry)


def may_scrape(client: str | None, headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether /metrics on the API's own port answers: to a loopback peer that speaks for nobody else.

    A proxy on the same machine is a loopback peer too; it gives itself away by its forwarding headers, trusted
    or not. A proxy that adds none needs `metrics_port`, which the production settings advise anyway.
    """
    if client is None or any(name in FORWARDED for name, _ in headers):
        return False
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False
