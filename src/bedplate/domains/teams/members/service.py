from typing import cast
from uuid import UUID

from sqlalchemy import delete, func, select

from bedplate.domains.accounts.scope import email_of, is_person, name_of
from bedplate.domains.audit import Actor, record
from bedplate.domains.teams.errors import AlreadyMember, LastOwner
from bedplate.domains.teams.members.schemas import MemberView
from bedplate.domains.teams.models import Team, TeamMember
from bedplate.domains.teams.schemas import TeamRole
from bedplate.domains.teams.scope import OWNERS, READERS, TEAMS_TAG
from bedplate.domains.teams.service import TeamService
from bedplate.platform.cache import invalidate
from bedplate.platform.db import Transaction
from bedplate.platform.errors import NotFound


class MemberService:
    """Who is in a team, and as what. Each change holds the team's lock, so that one owner always stays."""

    def __init__(self, session: Transaction) -> None:
        self._session = session
        self._teams = TeamService(session=session)

    async def to_change(self, team_id: UUID, member_id: UUID, by: UUID) -> TeamMember:
        """Lock a team to change one of its members; for owners.

        Raises:
            NotFound: no such member, or not one of the person's teams.
            TeamRoleTooLow: the person is no owner.
        """
        team = await self._teams.shared(team_id, by, OWNERS)
        return await self._member(team, member_id)

    async def appoint(self, member: TeamMember, role: TeamRole, actor: Actor) -> MemberView:
        """Give a member another role.

        Raises:
            LastOwner: it is the last owner's, and would no longer be an owner's.
        """
        if role != "owner":
            await self._must_keep_owner(member)
        before, member.role = member.role, role
        await self._session.flush()
        await self._record("team.member_changed", member, actor, role=role, before=before)
        return await self.view(member)

    async def view(self, member: TeamMember) -> MemberView:
        """A member as the team sees him."""
        columns = name_of(TeamMember.user_id), email_of(TeamMember.user_id)
        name, email = (await self._session.execute(select(*columns).where(TeamMember.id == member.id))).one()
        role = cast("TeamRole", member.role)
        return MemberView(member.user_id, name, email, role, member.created_at)

    async def remove(self, team_id: UUID, member_id: UUID, by: UUID, actor: Actor) -> None:
        """Take a member out: owners anybody, everyone himself.

        Raises:
            LastOwner: it is the last owner.
            NotFound: no such member, or not one of the person's teams.
            PersonalTeam: nobody leaves his own.
            TeamRoleTooLow: the person is no owner, and it is somebody else.
        """
        leaves = member_id == by
        team = await self._teams.shared(team_id, by, READERS if leaves else OWNERS)
        member = await self._member(team, member_id)
        await self._must_keep_owner(member)
        await self._session.delete(member)
        await self._session.flush()
        await invalidate(self._session, TEAMS_TAG.format(user_id=member_id))
        await self._record("team.member_left" if leaves else "team.member_removed", member, actor)

    async def add(self, team_id: UUID, user_id: UUID, role: TeamRole, actor: Actor) -> None:
        """Take somebody in, whether a person or a service account.

        Raises:
            AlreadyMember: he is in already.
        """
        statement = select(TeamMember.id).where(TeamMember.team_id == team_id, TeamMember.user_id == user_id)
        if await self._session.scalar(statement) is not None:
            raise AlreadyMember
        member = TeamMember(team_id=team_id, user_id=user_id, role=role)
        self._session.add(member)
        await self._session.flush()
        await self._record("team.member_added", member, actor, role=role)

    async def dismiss(self, team_id: UUID, user_id: UUID) -> None:
        """Take a service account out, whose key is revoked."""
        await invalidate(self._session, TEAMS_TAG.format(user_id=user_id))
        members = (TeamMember.team_id == team_id, TeamMember.user_id == user_id)
        await self._session.execute(delete(TeamMember).where(*members, ~is_person(TeamMember.user_id)))

    async def _member(self, team: Team, member_id: UUID) -> TeamMember:
        statement = select(TeamMember).where(
            TeamMember.team_id == team.id, TeamMember.user_id == member_id, is_person(TeamMember.user_id)
        )
        member = await self._session.scalar(statement)
        if member is None:
            raise NotFound
        return member

    async def _must_keep_owner(self, leaving: TeamMember) -> None:
        others = select(func.count(TeamMember.id)).where(
            TeamMember.team_id == leaving.team_id,
            TeamMember.role == "owner",
            TeamMember.user_id != leaving.user_id,
            is_person(TeamMember.user_id),
        )
        if leaving.role == "owner" and not await self._session.scalar(others):
            raise LastOwner

    async def _record(self, event: str, member: TeamMember, actor: Actor, **data: str) -> None:
        await record(
            self._session,
            event,
            actor,
            subject=member.user_id,
            team_id=member.team_id,
            resource=f"team:{member.team_id}",
            **data,
        )
