from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post

from bedplate.domains.audit import Actor
from bedplate.domains.teams.models import Team
from bedplate.domains.teams.reads import TEAM, TEAMS
from bedplate.domains.teams.schemas import NewTeam, TeamPatch, TeamView
from bedplate.domains.teams.service import TeamService
from bedplate.platform.auth.access import requires
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool
from bedplate.platform.http.answers import created, paged, versioned
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag, honour_if_match

READ = requires("teams:read")
WRITE = requires("teams:write")


class TeamController(Controller):
    """Teams, seen and changed by their members."""

    path = "/v1/teams"
    tags = ("teams",)

    @get("/", access=READ)
    async def list_teams(
        self,
        request: Request[Any, Any, Any],
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        *,
        personal: bool | None = None,
    ) -> Response[Page[TeamView]]:
        """List one's teams."""
        return paged(request, await TEAMS.page(reads, page, user_id=caller.user_id, personal=personal))

    @post("/", access=requires("teams:write", session=True))
    async def create_team(
        self, data: NewTeam, caller: Caller, teams: TeamService, actor: Actor
    ) -> Response[TeamView]:
        """Make a team, and be its owner."""
        view = _view(await teams.found(data.name, caller.user_id, actor))
        return created(view, f"/v1/teams/{view.id}", version=view.tag)

    @get("/{team_id:uuid}", access=READ)
    async def get_team(
        self, team_id: UUID, request: Request[Any, Any, Any], caller: Caller, reads: ReadPool
    ) -> Response[TeamView]:
        """Show one of one's teams."""
        view = await TEAM.one(reads, team_id=team_id, user_id=caller.user_id)
        return versioned(request, view, view.tag)

    @patch("/{team_id:uuid}", access=WRITE)
    async def change_team(
        self,
        team_id: UUID,
        data: TeamPatch,
        caller: Caller,
        teams: TeamService,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[TeamView]:
        """Rename a team; for its owners."""
        team = await teams.to_change(team_id, caller.user_id)
        check_if_match(if_match, _view(team).tag)
        view = _view(await teams.rename(team, data, actor))
        return Response(view, headers={"ETag": etag(view.tag)})

    @delete("/{team_id:uuid}", access=requires("teams:write", step_up=True))
    async def delete_team(
        self,
        team_id: UUID,
        caller: Caller,
        teams: TeamService,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Delete a team with its plans, keys and jobs; for its owners, never a personal team.

        If-Match is heeded.
        """
        team = await teams.shared(team_id, caller.user_id)
        honour_if_match(if_match, _view(team).tag)
        await teams.disband(team, actor)


def _view(team: Team) -> TeamView:
    # Only owners change a team, so the one who sees this is one.
    return TeamView(
        id=team.id,
        name=team.name,
        personal=team.personal_of is not None,
        role="owner",
        created_at=team.created_at,
        updated_at=team.updated_at,
        version=team.version,
    )
