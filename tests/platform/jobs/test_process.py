"""The worker and the command line as real processes."""

import asyncio
import signal
import subprocess
import sys
import time

import httpx
import msgspec
import pytest

from bedplate.platform.jobs import Empty, JobContext, enqueue, task
from bedplate.settings import Settings
from fixtures.cli import Ended, Run, call
from fixtures.service import PLAIN, answers, environment_of, free_port


@task("test.unknown-to-the-program", timeout=10)
async def unknown(_ctx: JobContext, _payload: Empty) -> None: ...


@pytest.fixture
def environment(settings: Settings, jobs_database_settings) -> dict[str, str]:
    return environment_of(settings) | {
        "BEDPLATE_DATABASE_URL": jobs_database_settings.url.reveal(),
        "BEDPLATE_DATABASE_OWNER_URL": jobs_database_settings.owner_url.reveal(),
    }


@pytest.fixture
def jobs(environment: dict[str, str]) -> Run:
    """Call `bedplate jobs …` on the jobs' database."""

    async def in_a_thread(*arguments: str) -> Ended:
        return await asyncio.to_thread(call, "jobs", *arguments, environment=environment)

    return in_a_thread


def until_ready(origin: str) -> None:
    deadline = time.monotonic() + 60
    while not answers(f"{origin}/health/ready"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("options", [(), ("--inline",)], ids=["redis", "inline"])
def test_a_worker_answers_probes_and_ends_on_sigterm(options, environment):
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    environment["BEDPLATE_JOBS_HEALTH_PORT"] = str(port)
    command = [sys.executable, "-m", "bedplate", "worker", *options]
    with subprocess.Popen(command, env=environment) as worker:
        until_ready(origin)
        with httpx.Client(base_url=origin, verify=PLAIN) as client:
            assert client.get("/health/live").status_code == 200
            metrics = client.get("/metrics").text
            assert client.get("/other").status_code == 404
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert 'bedplate_jobs_queued{queue="default"}' in metrics


async def test_the_command_line_lists_shows_cancels_and_retries(database, sql, jobs):
    async with database.transaction() as session:
        job_id = await enqueue(session, unknown, Empty())
    listed = await jobs("list", "--state", "queued")
    assert str(job_id) in listed.stdout, listed.stderr
    shown = msgspec.json.decode((await jobs("show", str(job_id))).stdout)
    assert (shown["job"]["state"], shown["attempts"]) == ("queued", [])
    assert (await jobs("cancel", str(job_id))).exit_code == 0
    assert await sql.fetchval("select state from job where id = $1", job_id) == "cancelled"
    refused = await jobs("cancel", str(job_id))
    assert (refused.exit_code, refused.stderr.strip()) == (2, "bedplate: The job has ended")
    await sql.execute("update job set state = 'dead' where id = $1", job_id)
    assert (await jobs("retry", "--all")).stdout.strip() == "1 queued again."
    assert (await jobs("retry")).exit_code == 2


async def test_the_command_line_pauses_and_drains(sql, jobs):
    assert (await jobs("pause", "queue", "default")).exit_code == 0
    assert (await jobs("pause", "task", "plans.import")).exit_code == 0
    assert await sql.fetchval("select count(*) from job_pause") == 2
    listed = (await jobs("pauses")).stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [["queue", "default"], ["task", "plans.import"]]
    assert (await jobs("resume", "task", "plans.import")).exit_code == 0
    assert (await jobs("resume", "queue", "default")).exit_code == 0
    assert await sql.fetchval("select count(*) from job_pause") == 0
    for name, told in (("default", "The queue default is not paused"), ("typo", "There is no queue typo")):
        refused = await jobs("resume", "queue", name)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
        assert told in refused.stderr
    drained = await jobs("drain")
    assert drained.exit_code == 0, drained.stderr


@pytest.mark.parametrize(("kind", "known"), [("queue", "default"), ("task", "plans.import")])
async def test_what_does_not_exist_is_not_paused(kind, known, sql, jobs):
    refused = await jobs("pause", kind, "typo")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert refused.stderr.startswith(f"bedplate: There is no {kind} typo; one of: ")
    assert known in refused.stderr
    assert await sql.fetchval("select count(*) from job_pause") == 0


def test_a_worker_on_a_queue_that_does_not_exist_is_refused(environment, monkeypatch):
    began = []

    async def work(_settings, *, queues, inline):
        began.append((queues, inline))

    monkeypatch.setattr("bedplate.worker.work", work)
    refused = call("worker", "--queue", "default", "--queue", "typo", environment=environment)
    assert (refused.exit_code, refused.stderr.count("\n"), began) == (2, 1, [])
    assert refused.stderr.startswith("bedplate: There is no queue typo; one of: default")
    assert call("worker", "--queue", "default", environment=environment).exit_code == 0
    assert began == [(("default",), False)]
