"""A dead letter by API and by command: who sees why it died, and who may dismiss it."""

from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import Litestar

from bedplate.platform.jobs import Empty, JobContext, enqueue_alone, task
from fixtures.cli import Run
from fixtures.people import Join

SECRET = "what only an operator may read"
DIED = """
with dead as (
  update job set state = 'dead', error = 'It broke', ended_at = now(), attempt = 1 where id = $1 returning id
)
insert into job_attempt (job_id, attempt, outcome, worker, started_at, ended_at, error, detail)
select id, 1, 'error', 'worker-1', now(), now(), 'It broke', $2 from dead
"""


@task("test.letter", timeout=10)
async def letter(_ctx: JobContext, _payload: Empty) -> None: ...


@pytest.fixture
def put_dead(app: Litestar):
    """A dead letter with an attempt: `await put_dead(owner_id)` gives its id."""
    database = app.state.database

    async def put(owner_id: UUID | None = None, **options: object) -> str:
        job_id = await enqueue_alone(database, letter, Empty(), owner_id=owner_id, delay=3600, **options)
        await database.reads.fetch(DIED, job_id, SECRET)
        return str(job_id)

    return put


async def test_its_owner_dismisses_it_and_never_reads_the_detail(
    asgi: httpx.AsyncClient, join: Join, put_dead
) -> None:
    person, stranger = await join(asgi), await join(asgi)
    job_id = await put_dead(UUID(person.user_id))
    path = f"/v1/jobs/{job_id}"
    for answer in (
        await asgi.get(path, headers=person.headers),
        await asgi.get("/v1/jobs?state=dead", headers=person.headers),
        await asgi.get(f"{path}/events", headers=person.headers),
    ):
        assert answer.status_code == 200
        assert "It broke" in answer.text
        assert SECRET not in answer.text
    refused = await asgi.post(f"{path}/cancellation", headers=stranger.headers)
    assert refused.status_code == 404
    assert (await asgi.post(f"{path}/cancellation", headers=person.headers)).status_code == 202
    job = (await asgi.get(path, headers=person.headers)).json()
    assert (job["state"], job["error"]) == ("cancelled", "It broke")
    again = await asgi.post(f"{path}/cancellation", headers=person.headers)
    assert (again.status_code, again.json()["code"]) == (409, "job_ended")


async def test_the_command_shows_the_detail_to_an_operator(run: Run, put_dead) -> None:
    shown = await run("jobs", "show", await put_dead())
    (attempt,) = msgspec.json.decode(shown.stdout)["attempts"]
    assert (attempt["worker"], attempt["detail"]) == ("worker-1", SECRET)


async def test_the_command_dismisses_one_or_what_the_filters_name(run: Run, put_dead) -> None:
    one = await put_dead(tags=["dismissed"])
    assert (await run("jobs", "cancel", one)).exit_code == 0
    others = [await put_dead(tags=["dismissed"]) for _ in range(2)]
    kept = await put_dead()
    dismissed = await run("jobs", "cancel", "--dead", "--tag", "dismissed", "--error", "broke")
    assert dismissed.stdout == "2 dismissed.\n", dismissed.stderr
    for job_id, state in ((one, "cancelled"), *((other, "cancelled") for other in others), (kept, "dead")):
        shown = await run("jobs", "show", job_id)
        assert msgspec.json.decode(shown.stdout)["job"]["state"] == state


@pytest.mark.parametrize(
    "arguments",
    [
        ("cancel",),
        ("cancel", str(UUID(int=1)), "--dead"),
        ("cancel", str(UUID(int=1)), "--tag", "nightly"),
        ("cancel", "--tag", "nightly"),
        ("retry",),
        ("retry", str(UUID(int=1)), "--all"),
        ("retry", str(UUID(int=1)), "--state", "dead"),
        ("retry", str(UUID(int=1)), "--since", "2026-11-23"),
        ("retry", "--queue", "default"),
    ],
    ids=" ".join,
)
async def test_filters_that_would_be_ignored_are_refused(arguments: tuple[str, ...], run: Run) -> None:
    refused = await run("jobs", *arguments)
    assert refused.exit_code == 2
    assert (refused.stdout, refused.stderr.count("\n")) == ("", 1)
    assert "ids of jobs, or" in refused.stderr
