from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch

from bedplate.domains.audit import Actor
from bedplate.domains.teams.members.reads import MEMBER, MEMBERS
from bedplate.domains.teams.members.schemas import MemberPatch, MemberView
from bedplate.domains.teams.members.service import MemberService
from bedplate.domains.teams.schemas import TeamRole
from bedplate.domains.teams.scope import require_role
from bedplate.platform.auth.access import requires
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, etag, honour_if_match

READ = requires("teams:read")
WRITE = requires("teams:write", session=True)


class MemberController(Controller):
    """The people of a team."""

    path = "/v1/teams/{team_id:uuid}"
    tags = ("teams",)

    @get("/members", access=READ)
    async def list_members(
        self,
        team_id: UUID,
        request: Request[Any, Any, Any],
        caller: Caller,
        db: Transaction,
        reads: ReadPool,
        page: PageQuery,
        role: TeamRole | None = None,
    ) -> Response[Page[MemberView]]:
        """List a team's people, the longest there first."""
        await require_role(db, team_id, caller.user_id)
        return paged(request, await MEMBERS.page(reads, page, team_id=team_id, role=role))

    @get("/members/{member_id:uuid}", access=READ)
    async def get_member(
        self,
        team_id: UUID,
        member_id: UUID,
        request: Request[Any, Any, Any],
        caller: Caller,
        db: Transaction,
        reads: ReadPool,
    ) -> Response[MemberView]:
        """Show a member."""
        await require_role(db, team_id, caller.user_id)
        view = await MEMBER.one(reads, team_id=team_id, member_id=member_id)
        return versioned(request, view, view.tag)

    @patch("/members/{member_id:uuid}", access=WRITE)
    async def change_member(
        self,
        team_id: UUID,
        member_id: UUID,
        data: MemberPatch,
        caller: Caller,
        members: MemberService,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[MemberView]:
        """Give a member another role; for the team's owners. If-Match is heeded."""
        member = await members.to_change(team_id, member_id, caller.user_id)
        honour_if_match(if_match, (await members.view(member)).tag)
        view = await members.appoint(member, data.role, actor)
        return Response(view, headers={"ETag": etag(view.tag)})

    @delete("/members/{member_id:uuid}", access=WRITE)
    async def remove_member(
        self, team_id: UUID, member_id: UUID, caller: Caller, members: MemberService, actor: Actor
    ) -> None:
        """Take a member out of a team; for its owners, and for everyone himself."""
        await members.remove(team_id, member_id, caller.user_id, actor)

    @delete("/membership", access=WRITE)
    async def leave_team(self, team_id: UUID, caller: Caller, members: MemberService, actor: Actor) -> None:
        """Leave a team."""
        await members.remove(team_id, caller.user_id, caller.user_id, actor)
