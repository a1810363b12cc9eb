from collections import defaultdict

from litestar.routes import HTTPRoute

from bedplate.app import DOMAINS
from bedplate.domains.access import is_administrative
from bedplate.platform.auth.access import access_of
from tools.markdown import code, header, table
from tools.reference.service import service

ABOUT = (
    "Every permission that the domains declare, and the routes that ask for it. A role is a set of them; a token "
    "holds those of its account, an API key those it was given. Administrative ones are in no role that everybody has."
)


def permissions_page() -> str:
    """Permissions by domain, with the routes that ask for each."""
    routes = _routes()
    parts = [header("Permissions", ABOUT)]
    for domain in DOMAINS:
        if domain.permissions:
            rows = [
                (
                    code(name),
                    meaning,
                    "yes" if is_administrative(name) else "",
                    ", ".join(map(code, sorted(routes[name]))),
                )
                for name, meaning in domain.permissions.items()
            ]
            parts.append(
                f"## {domain.name}\n\n{table(('permission', 'allows', 'administrative', 'routes'), rows)}\n"
            )
    return "\n".join(parts)


def _routes() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for route in service().routes:
        if isinstance(route, HTTPRoute):
            for handler, _ in route.route_handler_map.values():
                permission = access_of(handler).permission
                if permission:
                    found[permission].add(handler.handler_name)
    return found
