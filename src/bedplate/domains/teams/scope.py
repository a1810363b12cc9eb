from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from bedplate.domains.teams.errors import TeamRoleTooLow
from bedplate.domains.teams.models import Team, TeamMember
from bedplate.domains.teams.schemas import TeamRole
from bedplate.platform.db import Transaction
from bedplate.platform.errors import NotFound

READERS: Sequence[TeamRole] = ("owner", "editor", "viewer")
WRITERS: Sequence[TeamRole] = ("owner", "editor")
OWNERS: Sequence[TeamRole] = ("owner",)
TEAMS_TAG = "teams:{user_id}"
"""Tag of what is kept for a person and hangs on which teams he is in; it ends when he leaves one."""


def in_callers_teams(
    team_id: ColumnElement[UUID] | InstrumentedAttribute[UUID], roles: Sequence[TeamRole] = READERS
) -> ColumnElement[bool]:
    """Whether a row's team is one of the caller's: the one scope helper, for reads with a `user_id` value."""
    mine = select(TeamMember.team_id).where(TeamMember.user_id == bindparam("user_id"))
    if len(roles) < len(READERS):
        mine = mine.where(or_(*(TeamMember.role == literal_column(f"'{role}'") for role in roles)))
    return team_id.in_(mine)


def personal_team(user_id: UUID | ColumnElement[UUID]) -> ColumnElement[UUID]:
    """A person's own team, as a value inside another statement; for a team's API key, its team."""
    own = select(Team.id).where(Team.personal_of == user_id).scalar_subquery()
    # Everybody but a service account has the former, and a service account is in one team.
    only = select(TeamMember.team_id).where(TeamMember.user_id == user_id).limit(1).scalar_subquery()
    return func.coalesce(own, only)


def role_in(
    team_id: ColumnElement[UUID] | InstrumentedAttribute[UUID], user_id: UUID
) -> ScalarSelect[TeamRole | None]:
    """A person's role in a row's team, as a value of the statement that fetches the row."""
    mine = select(TeamMember.role).where(TeamMember.team_id == team_id, TeamMember.user_id == user_id)
    return cast("ScalarSelect[TeamRole | None]", mine.scalar_subquery())


async def team_role(session: Transaction, team_id: UUID, user_id: UUID) -> TeamRole | None:
    """A person's role in a team."""
    statement = select(TeamMember.role).where(TeamMember.team_id == team_id, TeamMember.user_id == user_id)
    return cast("TeamRole | None", await session.scalar(statement))


async def require_role(
    session: Transaction, team_id: UUID, user_id: UUID, roles: Sequence[TeamRole] = READERS
) -> TeamRole:
    """Hold a person to a role in a team.

    Raises:
        NotFound: not a member; to him the team does not exist.
        TeamRoleTooLow: a member, but not with this role.
    """
    return check_role(await team_role(session, team_id, user_id), roles)


def check_role(role: TeamRole | None, roles: Sequence[TeamRole] = READERS) -> TeamRole:
    """Hold a role that was read to those that are let in; the errors are those of `require_role`."""
    if role is None:
        raise NotFound
    if role not in roles:
        raise TeamRoleTooLow
    return role
