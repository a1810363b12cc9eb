from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, put
from litestar.status_codes import HTTP_204_NO_CONTENT

from bedplate.domains.access import Assignments
from bedplate.domains.accounts.directory import AccountSummary
from bedplate.domains.audit import Actor
from bedplate.domains.users.reads import USERS
from bedplate.domains.users.schemas import UserPatch
from bedplate.domains.users.service import UserService
from bedplate.platform.auth.access import requires
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool
from bedplate.platform.http.answers import paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag, honour_if_match

READ = requires("users:read")
WRITE = requires("users:write", step_up=True)
ROLES = requires("roles:write", step_up=True)


class UserController(Controller):
    """Every account, for administrators."""

    path = "/v1/users"
    tags = ("users",)

    @get("/", access=READ)
    async def list_users(
        self,
        request: Request[Any, Any, Any],
        reads: ReadPool,
        page: PageQuery,
        *,
        q: str | None = None,
        email: str | None = None,
        role: str | None = None,
        disabled: bool | None = None,
        email_verified: bool | None = None,
    ) -> Response[Page[AccountSummary]]:
        """List accounts, the newest first; `q` is a part of the address or the name."""
        filters = {"q": q, "email": email, "role": role, "disabled": disabled}
        found = await USERS.all.page(reads, page, **filters, email_verified=email_verified)
        return paged(request, found)

    @get("/{user_id:uuid}", access=READ)
    async def get_user(
        self, user_id: UUID, request: Request[Any, Any, Any], reads: ReadPool
    ) -> Response[AccountSummary]:
        """Show an account."""
        user = await USERS.one.one(reads, id=user_id)
        return versioned(request, user, user.tag)

    @patch("/{user_id:uuid}", access=WRITE)
    async def change_user(
        self,
        user_id: UUID,
        data: UserPatch,
        caller: Caller,
        users: UserService,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[AccountSummary]:
        """Rename, disable or enable somebody, or give him other roles; it holds within a second."""
        check_if_match(if_match, (await users.get(user_id)).tag)
        user = await users.change(user_id, data, caller.scopes, actor)
        return Response(user, headers={"ETag": etag(user.tag)})

    @delete("/{user_id:uuid}", access=WRITE)
    async def delete_user(
        self,
        user_id: UUID,
        request: Request[Any, Any, Any],
        caller: Caller,
        users: UserService,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Close somebody's account; it is erased after the time of grace. If-Match is heeded."""
        honour_if_match(if_match, (await users.get(user_id)).tag)
        grace = request.app.state.settings.auth.delete_grace
        await users.remove(user_id, caller.scopes, grace, actor)

    @put("/{user_id:uuid}/roles/{role:str}", access=ROLES, status_code=HTTP_204_NO_CONTENT)
    async def assign_role(
        self,
        user_id: UUID,
        role: str,
        caller: Caller,
        users: UserService,
        assignments: Assignments,
        actor: Actor,
    ) -> None:
        """Give somebody a role."""
        await users.get(user_id)
        await assignments.give(user_id, role, caller.scopes, actor)

    @delete("/{user_id:uuid}/roles/{role:str}", access=ROLES)
    async def withdraw_role(
        self,
        user_id: UUID,
        role: str,
        caller: Caller,
        users: UserService,
        assignments: Assignments,
        actor: Actor,
    ) -> None:
        """Take a role from somebody."""
        await users.get(user_id)
        await assignments.take(user_id, role, caller.scopes, actor)
