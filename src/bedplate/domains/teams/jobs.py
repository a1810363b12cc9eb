from sqlalchemy import exists, select

from bedplate.domains.audit import Actor
from bedplate.domains.teams.models import Team, TeamMember
from bedplate.domains.teams.service import TeamService
from bedplate.platform.jobs import Empty, JobContext, Schedule, task

BATCH = 100


@task("teams.sweep", payload=Empty, timeout=300, unique_for=0)
async def sweep(ctx: JobContext, _: Empty) -> int:
    """Delete the shared teams whose last member was erased; returns how many."""
    empty = select(Team).where(Team.personal_of.is_(None), ~exists().where(TeamMember.team_id == Team.id))
    async with ctx.database.transaction() as session:
        teams = list(await session.scalars(empty.limit(BATCH).with_for_update(skip_locked=True)))
        for team in teams:
            await TeamService(session=session).disband(team, Actor())
    return len(teams)


SWEEPING = Schedule(name="teams.sweep", task=sweep, cron="41 3 * * *")
