import asyncio

import msgspec
import pytest
from sqlalchemy import text

from bedplate.platform.jobs import Empty, JobContext, enqueue, task

from .conftest import working


class Mailer:
    def __init__(self) -> None:
        self.sent: list[str] = []


class LoudMailer(Mailer):
    pass


@task("test.effect", timeout=10, retry_delay=0.01)
async def effect(ctx: JobContext, _payload: Empty) -> None:
    async with ctx.once("count") as session:
        if session is not None:
            await session.execute(text("insert into effect (job_id) values (:id)"), {"id": ctx.job_id})
    if ctx.attempt == 1:
        raise ValueError


@task("test.broken-effect", timeout=10, retry_delay=0.01)
async def broken_effect(ctx: JobContext, _payload: Empty) -> None:
    async with ctx.once("count") as session:
        if session is not None:
            await session.execute(text("insert into effect (job_id) values (:id)"), {"id": ctx.job_id})
            if ctx.attempt == 1:
                raise ValueError


@task("test.steps", timeout=10)
async def steps(ctx: JobContext, _payload: Empty) -> None:
    await ctx.progress(10, "reading")
    await ctx.progress(10, "reading")
    await ctx.progress(140, "done")


@task("test.mail", timeout=10)
async def mail(ctx: JobContext, _payload: Empty) -> None:
    ctx.resource(Mailer).sent.append("hello")
    ctx.resource(asyncio.Event)


@pytest.fixture
async def effects(sql, jobs_database_settings):
    import asyncpg

    owner = await asyncpg.connect(jobs_database_settings.migration_url.reveal())
    await owner.execute("create table if not exists effect (job_id uuid not null)")
    await owner.execute("grant all on effect to public")
    await owner.close()
    yield
    await sql.execute("delete from effect")


@pytest.mark.parametrize("job", [effect, broken_effect], ids=["after", "within"])
@pytest.mark.usefixtures("effects")
async def test_an_effect_happens_once_over_two_attempts(job, database, make_runtime, sql, ended):
    async with working(make_runtime(job)):
        async with database.transaction() as session:
            job_id = await enqueue(session, job, Empty())
        row = await ended(job_id, "succeeded")
    assert row["attempt"] == 2
    assert await sql.fetchval("select count(*) from effect where job_id = $1", job_id) == 1


async def test_progress_is_kept_step_by_step(database, make_runtime, sql, ended):
    async with working(make_runtime(steps)):
        async with database.transaction() as session:
            job_id = await enqueue(session, steps, Empty())
        await ended(job_id, "succeeded")
    events = await sql.fetch(
        "select seq, progress, message from job_event where job_id = $1 order by seq", job_id
    )
    assert [tuple(event) for event in events] == [(1, 10, "reading"), (2, 100, "done")]


async def test_resources_are_found_by_type(database, make_runtime, sql, ended):
    mailer = LoudMailer()
    async with working(make_runtime(mail, resources={LoudMailer: mailer})):
        async with database.transaction() as session:
            job_id = await enqueue(session, mail, Empty())
        await sql.fetchval("update job set max_attempts = 1 where id = $1", job_id)
        row = await ended(job_id, "dead")
    assert mailer.sent == ["hello"]
    assert row["error"] == "Unexpected error (LookupError)"


def test_a_task_without_a_bound_is_refused():
    with pytest.raises(TypeError, match="timeout or a heartbeat"):
        task("test.unbounded")


def test_a_public_payload_refuses_unknown_fields():
    class Open(msgspec.Struct):
        name: str

    with pytest.raises(TypeError, match="forbid_unknown_fields"):
        task("test.open", payload=Open, timeout=1, public=True)
