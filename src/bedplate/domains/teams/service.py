from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository

from bedplate.domains.audit import Actor, record
from bedplate.domains.teams.models import Team, TeamMember
from bedplate.platform.db import RepositoryService, new_id


class TeamRepository(SQLAlchemyAsyncRepository[Team]):
    model_type = Team


class TeamService(RepositoryService[Team]):
    """Teams and who is in them."""

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
