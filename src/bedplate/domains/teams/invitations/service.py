import datetime as dt
import hashlib
import secrets
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, update

from bedplate.domains.accounts import Post, normalise_email
from bedplate.domains.accounts.scope import email_is
from bedplate.domains.audit import Actor, record
from bedplate.domains.teams.errors import (
    AlreadyMember,
    InvalidInvitation,
    InvitationForAnother,
    TooManyInvitations,
)
from bedplate.domains.teams.invitations.schemas import InvitationView, Joined, NewInvitation
from bedplate.domains.teams.members.service import MemberService
from bedplate.domains.teams.models import TeamInvitation, TeamMember
from bedplate.domains.teams.schemas import TeamRole
from bedplate.domains.teams.service import TeamService
from bedplate.platform.db import Transaction, new_id, utcnow
from bedplate.platform.errors import NotFound

LIFETIME = dt.timedelta(days=7)
TOKEN_BYTES = 32

type Answer = Literal["accepted", "declined", "withdrawn"]


class InvitationService:
    """Invitations by mail: the newest to an address supersedes, a token works once and for that address."""

    def __init__(self, session: Transaction, *, post: Post, allow_reserved: bool, max_open: int) -> None:
        self._session = session
        self._post = post
        self._allow_reserved = allow_reserved
        self._max_open = max_open

    async def invite(self, team_id: UUID, new: NewInvitation, by: UUID, actor: Actor) -> InvitationView:
        """Ask somebody to join; for owners. Whether the address has an account makes no difference.

        Raises:
            AlreadyMember: a member has this address.
            InvalidEmail: it is no address.
            TooManyInvitations: the team has as many as may be open.
        """
        session = self._session
        team = await TeamService(session=session).shared(team_id, by)
        email = normalise_email(new.email, allow_reserved=self._allow_reserved)
        statement = select(TeamMember.id).where(
            TeamMember.team_id == team_id, email_is(TeamMember.user_id, literal(email))
        )
        if await session.scalar(statement) is not None:
            raise AlreadyMember
        await self._answer("withdrawn", TeamInvitation.team_id == team_id, TeamInvitation.email == email)
        await self._hold_to_cap(team_id)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        invitation = TeamInvitation(
            id=new_id(),
            team_id=team_id,
            email=email,
            role=new.role,
            token_digest=_digest(token),
            invited_by=by,
            expires_at=utcnow() + LIFETIME,
        )
        session.add(invitation)
        await session.flush()
        await self._record("team.invitation_created", invitation, actor)
        await self._post.send("team_invitation", by, to=email, token=token, team=team.name)
        return _view(invitation)

    async def withdraw(self, team_id: UUID, invitation_id: UUID, by: UUID, actor: Actor) -> None:
        """Take an open invitation back; for owners.

        Raises:
            NotFound: none is open under this id.
        """
        await TeamService(session=self._session).shared(team_id, by)
        of_team = (TeamInvitation.id == invitation_id, TeamInvitation.team_id == team_id)
        invitation = await self._answer("withdrawn", *of_team)
        if invitation is None:
            raise NotFound
        await self._record("team.invitation_withdrawn", invitation, actor)

    async def accept(self, token: str, user_id: UUID, actor: Actor) -> Joined:
        """Join the team; the token is spent.

        Raises:
            InvalidInvitation: it is spent, withdrawn, superseded, too old or no token of ours.
            InvitationForAnother: it was sent to another address than the person's.
        """
        invitation = await self._spend("accepted", token)
        addressee = select(email_is(literal(user_id), literal(invitation.email)))
        if not await self._session.scalar(addressee):
            raise InvitationForAnother
        role = cast("TeamRole", invitation.role)
        await MemberService(self._session).add(invitation.team_id, user_id, role, actor)
        await self._record("team.invitation_accepted", invitation, actor)
        return Joined(invitation.team_id, role)

    async def decline(self, token: str, actor: Actor) -> None:
        """Answer no; the token is spent. Who holds it need not have an account.

        Raises:
            InvalidInvitation: as for `accept`.
        """
        invitation = await self._spend("declined", token)
        await self._record("team.invitation_declined", invitation, actor)

    async def _hold_to_cap(self, team_id: UUID) -> None:
        # The team's row is locked by now, so that no other invitation is made meanwhile.
        still_open = (TeamInvitation.answer.is_(None), TeamInvitation.expires_at > utcnow())
        count = select(func.count()).where(TeamInvitation.team_id == team_id, *still_open)
        if (await self._session.scalar(count) or 0) >= self._max_open:
            raise TooManyInvitations

    async def _spend(self, answer: Answer, token: str) -> TeamInvitation:
        invitation = await self._answer(answer, TeamInvitation.token_digest == _digest(token))
        if invitation is None:
            raise InvalidInvitation
        return invitation

    async def _answer(self, answer: Answer, *which: ColumnElement[bool]) -> TeamInvitation | None:
        # One statement decides, so that of two answers at once the second finds nothing open.
        now = utcnow()
        statement = (
            update(TeamInvitation)
            .where(TeamInvitation.answer.is_(None), *which)
            .values(answer=answer, answered_at=now)
            .returning(TeamInvitation)
            .execution_options(synchronize_session=False)
        )
        if answer != "withdrawn":
            statement = statement.where(TeamInvitation.expires_at > now)
        return await self._session.scalar(statement)

    async def _record(self, event: str, invitation: TeamInvitation, actor: Actor) -> None:
        await record(
            self._session,
            event,
            actor,
            team_id=invitation.team_id,
            resource=f"invitation:{invitation.id}",
            role=invitation.role,
        )


def _digest(token: str) -> bytes:
    # The token is 256 random bits: there is nothing to guess that a slow or keyed hash would protect.
    return hashlib.sha256(token.encode()).digest()


def _view(invitation: TeamInvitation) -> InvitationView:
    return InvitationView(
        id=invitation.id,
        team_id=invitation.team_id,
        email=invitation.email,
        role=cast("TeamRole", invitation.role),
        invited_by=invitation.invited_by,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )
