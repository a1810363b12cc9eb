from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post

from bedplate.domains.access.permissions import permission_page
from bedplate.domains.access.reads import ROLE, ROLES
from bedplate.domains.access.roles import RoleService
from bedplate.domains.access.schemas import NewRole, PermissionView, RolePatch, RoleView
from bedplate.domains.audit import Actor
from bedplate.platform.auth.access import requires
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool
from bedplate.platform.http.answers import created, paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag, honour_if_match

READ = requires("roles:read")
WRITE = requires("roles:write", step_up=True)


class RoleController(Controller):
    """Roles: named sets of permissions."""

    path = "/v1/roles"
    tags = ("access",)

    @get("/", access=READ)
    async def list_roles(
        self,
        request: Request[Any, Any, Any],
        reads: ReadPool,
        page: PageQuery,
        *,
        system: bool | None = None,
    ) -> Response[Page[RoleView]]:
        """List roles."""
        return paged(request, await ROLES.page(reads, page, system=system))

    @post("/", access=WRITE)
    async def create_role(
        self, data: NewRole, caller: Caller, roles: RoleService, actor: Actor
    ) -> Response[RoleView]:
        """Make a role."""
        view = await roles.create(data, caller.scopes, actor)
        return created(view, f"/v1/roles/{view.id}", version=view.version)

    @get("/{role_id:uuid}", access=READ)
    async def get_role(
        self, role_id: UUID, request: Request[Any, Any, Any], reads: ReadPool
    ) -> Response[RoleView]:
        """Show a role."""
        view = await ROLE.one(reads, id=role_id)
        return versioned(request, view, view.version)

    @patch("/{role_id:uuid}", access=WRITE)
    async def change_role(
        self,
        role_id: UUID,
        data: RolePatch,
        caller: Caller,
        roles: RoleService,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[RoleView]:
        """Change a role; whoever has it works under the change within a second."""
        role = await roles.to_change(role_id)
        check_if_match(if_match, role.version)
        view = await roles.change(role, data, caller.scopes, actor)
        return Response(view, headers={"ETag": etag(view.version)})

    @delete("/{role_id:uuid}", access=WRITE)
    async def delete_role(
        self,
        role_id: UUID,
        caller: Caller,
        roles: RoleService,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Delete a role, and take it from whoever has it; If-Match is heeded."""
        role = await roles.to_change(role_id)
        honour_if_match(if_match, role.version)
        await roles.remove(role, caller.scopes, actor)


class PermissionController(Controller):
    """What there is to allow."""

    path = "/v1/permissions"
    tags = ("access",)

    @get("/", access=requires("permissions:read"))
    async def list_permissions(
        self, request: Request[Any, Any, Any], page: PageQuery
    ) -> Response[Page[PermissionView]]:
        """List every permission with its meaning."""
        return paged(request, permission_page(request.app.state.permissions, page))
