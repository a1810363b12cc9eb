from collections.abc import Mapping

from bedplate.domains.access.schemas import PermissionView
from bedplate.platform.db import Page, PageQuery, computed_page

PURPOSE = "permissions"
ADMINISTRATIVE = ("audit:", "users:", "roles:", "permissions:", "schedules:", "limits:", "queues:")


def is_administrative(permission: str) -> bool:
    """Whether it is about the service itself, so that only roles that are given to people grant it."""
    return permission.startswith(ADMINISTRATIVE)


def permission_page(permissions: Mapping[str, str], query: PageQuery) -> Page[PermissionView]:
    """One page of the permissions, by name; they are the code's, so no statement is run."""
    views = [PermissionView(name, permissions[name], is_administrative(name)) for name in sorted(permissions)]
    return computed_page(query, PURPOSE, views, lambda each: each.name)
