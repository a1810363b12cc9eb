from typing import Any
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
from bedplate.platform.http.answers import paged

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
        self, team_id: UUID, member_id: UUID, caller: Caller, db: Transaction, reads: ReadPool
    ) -> MemberView:
        """Show a member."""
        await require_role(db, team_id, caller.user_id)
        return await MEMBER.one(reads, team_id=team_id, member_id=member_id)

    @patch("/members/{member_id:uuid}", access=WRITE)
    async def change_member(
        self,
        team_id: UUID,
        member_id: UUID,
        data: MemberPatch,
        caller: Caller,
        members: MemberService,
        actor: Actor,
    ) -> MemberView:
        """Give a member another role; for the team's owners."""
        return await members.appoint(team_id, member_id, data.role, caller.user_id, actor)

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
