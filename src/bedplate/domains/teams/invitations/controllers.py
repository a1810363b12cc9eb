from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from bedplate.domains.audit import Actor
from bedplate.domains.teams.invitations.reads import INVITATIONS
from bedplate.domains.teams.invitations.schemas import (
    InvitationToken,
    InvitationView,
    Joined,
    NewInvitation,
)
from bedplate.domains.teams.invitations.service import InvitationService
from bedplate.domains.teams.scope import OWNERS, require_role
from bedplate.platform.auth.access import PUBLIC, Access, requires
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction
from bedplate.platform.http.answers import created, paged

READ = requires("teams:read")
WRITE = requires("teams:write", session=True)


class InvitationController(Controller):
    """Whom a team has asked to join; for its owners."""

    path = "/v1/teams/{team_id:uuid}/invitations"
    tags = ("teams",)

    @get("/", access=READ)
    async def list_invitations(
        self,
        team_id: UUID,
        request: Request[Any, Any, Any],
        caller: Caller,
        db: Transaction,
        reads: ReadPool,
        page: PageQuery,
    ) -> Response[Page[InvitationView]]:
        """List the open invitations, the newest first."""
        await require_role(db, team_id, caller.user_id, OWNERS)
        return paged(request, await INVITATIONS.page(reads, page, team_id=team_id))

    @post("/", access=WRITE, idempotent=False)
    async def invite(
        self,
        team_id: UUID,
        data: NewInvitation,
        caller: Caller,
        invitations: InvitationService,
        actor: Actor,
    ) -> Response[InvitationView]:
        """Ask somebody to join, by mail; the answer is the same whether the address has an account or not."""
        view = await invitations.invite(team_id, data, caller.user_id, actor)
        return created(view, f"/v1/teams/{team_id}/invitations")

    @delete("/{invitation_id:uuid}", access=WRITE)
    async def withdraw_invitation(
        self,
        team_id: UUID,
        invitation_id: UUID,
        caller: Caller,
        invitations: InvitationService,
        actor: Actor,
    ) -> None:
        """Take an open invitation back; its token is worth nothing from then on."""
        await invitations.withdraw(team_id, invitation_id, caller.user_id, actor)


class AnswerController(Controller):
    """The answers of those who were asked. Always by POST: mail scanners follow links with GET."""

    path = "/v1/invitations"
    tags = ("teams",)

    @post("/accept", access=Access(session=True), status_code=HTTP_200_OK)
    async def accept_invitation(
        self, data: InvitationToken, caller: Caller, invitations: InvitationService, actor: Actor
    ) -> Joined:
        """Join the team; only for the person whose address the invitation was sent to."""
        return await invitations.accept(data.token, caller.user_id, actor)

    @post("/decline", access=PUBLIC, status_code=HTTP_204_NO_CONTENT)
    async def decline_invitation(
        self, data: InvitationToken, invitations: InvitationService, actor: Actor
    ) -> None:
        """Answer no."""
        await invitations.decline(data.token, actor)
