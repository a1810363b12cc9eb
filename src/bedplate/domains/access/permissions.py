from collections.abc import Mapping

from bedplate.domains.access.schemas import PermissionView
from bedplate.platform.db import Page, PageQuery

PURPOSE = "permissions"
ADMINISTRATIVE = ("audit:", "users:", "roles:", "permissions:", "schedules:", "limits:", "queues:")


def is_administrative(permission: str) -> bool:
    """Whether it is about the service itself, so that only roles that are given to people grant it."""
    return permission.startswith(ADMINISTRATIVE)


def permission_page(permissions: Mapping[str, str], query: PageQuery) -> Page[PermissionView]:
    """One page of the permissions, by name; they are the code's, so no statement is run."""
    after = str(query.signer.decode(PURPOSE, query.cursor, [str])[0]) if query.cursor else ""
    names = [name for name in sorted(permissions) if name > after]
    shown = names[: query.limit]
    items = [PermissionView(name, permissions[name], is_administrative(name)) for name in shown]
    more = len(names) > len(shown)
    return Page(items, query.signer.encode(PURPOSE, [shown[-1]]) if more else None)
