from urllib.parse import urlsplit

from litestar.types import Scope

from bedplate.platform.errors import Forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSite(Forbidden):
    code, title = "cross_site", "A page of another site may not do this"


class Origins:
    """Tells our own pages' requests, and those of sites that are let in, from other sites'."""

    def __init__(self, public_url: str, allowed: tuple[str, ...]) -> None:
        self._allowed = frozenset(origin.rstrip("/") for origin in (public_url, *allowed) if origin)

    def check(self, scope: Scope) -> None:
        """Refuse what another site's page sent; browsers say where a request comes from (Fetch, RFC 6454).

        Raises:
            CrossSite: it comes from elsewhere, or does not say.
        """
        headers = dict(scope["headers"])
        site = headers.get(b"sec-fetch-site", b"").decode("latin-1")
        origin = headers.get(b"origin", b"").decode("latin-1")
        if site in {"same-origin", "none"} and (not origin or self._ours(origin, headers)):
            return
        if not origin or not self._ours(origin, headers):
            raise CrossSite

    def _ours(self, origin: str, headers: dict[bytes, bytes]) -> bool:
        # A page cannot choose its request's Host, so the origin of that very host is our own.
        host = headers.get(b"host", b"").decode("latin-1")
        return origin in self._allowed or (bool(host) and urlsplit(origin).netloc == host)
