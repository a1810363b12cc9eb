from collections.abc import Sequence
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from msgspec import UNSET
from sqlalchemy import delete, select

from bedplate.domains.accounts.scope import is_person
from bedplate.domains.accounts.service_accounts import close_service_accounts
from bedplate.domains.audit import Actor, record
from bedplate.domains.teams.errors import LastOwner, PersonalTeam
from bedplate.domains.teams.models import Team, TeamMember
from bedplate.domains.teams.schemas import TeamPatch, TeamRole
from bedplate.domains.teams.scope import OWNERS, TEAMS_TAG, require_role
from bedplate.platform.auth.revocation import revoke
from bedplate.platform.cache import invalidate
from bedplate.platform.db import RepositoryService, new_id
from bedplate.platform.errors import NotFound


class TeamRepository(SQLAlchemyAsyncRepository[Team]):
    model_type = Team


class TeamService(RepositoryService[Team]):
    """Teams: found, rename, disband; whatever depends on who is in one locks its row first."""

    repository_type = TeamRepository

    async def found(self, name: str, owner_id: UUID, actor: Actor, *, personal: bool = False) -> Team:
        """Make a team with its first owner."""
        session = self.session
        team = Team(id=new_id(), name=name, personal_of=owner_id if personal else None)
        session.add(team)
        await session.flush()
        session.add(TeamMember(team_id=team.id, user_id=owner_id, role="owner"))
        await session.flush()
        await record(session, "team.created", actor, team_id=team.id, resource=f"team:{team.id}")
        return team

    async def to_change(self, team_id: UUID, user_id: UUID, roles: Sequence[TeamRole] = OWNERS) -> Team:
        """Lock a team, so that changes of it and of its members take turns, and hold the person to a role.

        Raises:
            NotFound: it is none of the person's teams.
            TeamRoleTooLow: a member, but not with this role.
        """
        team = await self.session.scalar(select(Team).where(Team.id == team_id).with_for_update())
        if team is None:
            raise NotFound
        await require_role(self.session, team_id, user_id, roles)
        return team

    async def shared(self, team_id: UUID, user_id: UUID, roles: Sequence[TeamRole] = OWNERS) -> Team:
        """As `to_change`, for what a personal team does not allow.

        Raises:
            PersonalTeam: it is one.
        """
        team = await self.to_change(team_id, user_id, roles)
        if team.personal_of is not None:
            raise PersonalTeam
        return team

    async def rename(self, team: Team, patch: TeamPatch, actor: Actor) -> Team:
        """Change a team's plain fields; what changes nothing is not on record."""
        if patch.name is not UNSET and patch.name != team.name:
            team.name = patch.name
            await self.session.flush()
            await record(self.session, "team.updated", actor, team_id=team.id, resource=f"team:{team.id}")
        return team

    async def disband(self, team: Team, actor: Actor) -> None:
        """Delete a team with all that is its own; its API keys die at once."""
        session = self.session
        services = select(TeamMember.user_id).where(
            TeamMember.team_id == team.id, ~is_person(TeamMember.user_id)
        )
        account_ids = list(await session.scalars(services))
        members = await session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team.id))
        await invalidate(session, *(TEAMS_TAG.format(user_id=user_id) for user_id in members))
        await close_service_accounts(session, account_ids)
        await revoke(session, "user", *account_ids)
        await record(session, "team.deleted", actor, team_id=team.id, resource=f"team:{team.id}")
        await session.execute(delete(Team).where(Team.id == team.id))

    async def must_not_orphan(self, user_id: UUID) -> None:
        """Lock a person's teams, before his account is closed.

        Raises:
            LastOwner: a team with others in it would be without an owner.
        """
        session = self.session
        teams = select(Team).join(TeamMember).where(TeamMember.user_id == user_id, Team.personal_of.is_(None))
        # In the order of the keys, so that two such locks never wait for each other.
        for team in list(await session.scalars(teams.order_by(Team.id).with_for_update(of=Team))):
            people = (
                TeamMember.team_id == team.id,
                TeamMember.user_id != user_id,
                is_person(TeamMember.user_id),
            )
            others = set(await session.scalars(select(TeamMember.role).where(*people)))
            if others and "owner" not in others:
                raise LastOwner(extra={"team_id": str(team.id)})
