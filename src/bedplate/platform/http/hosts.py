from collections.abc import Sequence

from litestar.types import Scope

from bedplate.platform.errors import Failure


class Misdirected(Failure):
    """RFC 9110 section 15.5.20."""

    status, code, title = 421, "misdirected_request", "This service does not answer for that host"


class Hosts:
    """The host names that are answered: a name, or `*.example.org` for all below it; any port."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(name.lower() for name in names if not name.startswith("*."))
        self._endings = tuple(name[1:].lower() for name in names if name.startswith("*."))

    def answer(self, scope: Scope) -> bool:
        """Whether a request is for us; one that names no host, or two, is not."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1:
            return False
        host = _name(hosts[0].decode("latin-1").lower())
        return host in self._names or host.endswith(self._endings)


def _name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")
