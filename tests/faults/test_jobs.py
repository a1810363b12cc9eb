"""Jobs under fire. The short form runs in CI; BEDPLATE_FAULTS=long is the two minutes of the design."""

import asyncio
import datetime as dt
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import redis as redis_client

from bedplate.platform.db import Database, migrate
from bedplate.platform.embedded import Engines
from bedplate.platform.jobs.control import cancel_job
from bedplate.settings import Secret
from bedplate.settings.database import DatabaseSettings

PROGRAM = str(Path(__file__).with_name("jobs_program.py"))
LONG = os.environ.get("BEDPLATE_FAULTS") == "long"
JOBS, SECONDS, WORKERS = (10_000, 120.0, 3) if LONG else (200, 3.0, 2)
SETTLING = 90.0
TABLES = """
create table effect (job_id uuid not null);
create table intended (job_id uuid not null);
create table rolled_back (job_id uuid not null);
create table unwanted (job_id uuid not null);
grant all on effect, intended, rolled_back, unwanted to public
"""
EMPTY = "truncate job, job_schedule, effect, intended, rolled_back, unwanted cascade"

CUT = """
select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
"""

UNENDED = "select count(*) from job where ended_at is null"
ENDLESS = """
insert into job (id, task, queue, payload, available_at, max_attempts)
values (gen_random_uuid(), 'faults.endless', 'default', '{"value": 0}', now(), 1000) returning id
"""
WARM_UP = ENDLESS.replace("endless", "effect")
TRIES = 3 if LONG else 1
FIRINGS = 5

pytestmark = pytest.mark.faults


def long_form[F: Callable[..., object]](test: F) -> F:
    """Leave a test to the long form, and to the night."""
    return test if LONG else pytest.mark.nightly(test)


@dataclass
class Field:
    """Servers of this test alone, and processes that may be shot."""

    engines: Engines
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def spawn(self, name: str, mode: str, *rest: str) -> subprocess.Popen[bytes]:
        urls = self.engines.urls
        command = [sys.executable, PROGRAM, mode, urls.database_url, urls.redis_url, *rest]
        self.processes[name] = subprocess.Popen(command)
        return self.processes[name]

    def ask(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        return asyncio.run(_ask(self.engines.urls.owner_url, query, arguments))

    def value(self, query: str, *arguments: object) -> object:
        return self.ask(query, *arguments)[0][0]

    def redis(self) -> redis_client.Redis:
        return redis_client.from_url(self.engines.urls.redis_url)

    def until(self, look: Callable[[], object], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not look():
            assert time.monotonic() < deadline, self.ask("select state, count(*) from job group by 1")
            time.sleep(0.05)

    def settle(self, moving: str, over: Callable[[], object]) -> None:
        """Wait until it is over, however slow the machine is: it hangs when nothing has moved for long."""
        seen, since = None, time.monotonic()
        while not over():
            now = self.ask(moving)
            if now != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() - since > SETTLING:
                for process in self.processes.values():
                    process.send_signal(signal.SIGUSR1)
                time.sleep(1)
                pytest.fail(f"hangs at {now}: {self.ask('select state, count(*) from job group by 1')}")
            time.sleep(0.1)


async def _ask(url: str, query: str, arguments: tuple[object, ...]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with tempfile.TemporaryDirectory(prefix="bedplate-faults-", ignore_cleanup_errors=True) as folder:
        # Durable, unlike other tests': what PostgreSQL has confirmed must outlive its being killed.
        engines = Engines(Path(folder))
        urls = engines.start()
        migrate.upgrade(DatabaseSettings(url=Secret(urls.database_url), owner_url=Secret(urls.owner_url)))
        asyncio.run(_execute(urls.owner_url, TABLES))
        yield engines
        engines.stop()


@pytest.fixture
def battlefield(engines: Engines) -> Iterator[Field]:
    asyncio.run(_execute(engines.urls.owner_url, EMPTY))
    found = Field(engines)
    yield found
    for process in found.processes.values():
        process.kill()
        process.wait()


async def _execute(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(script)
    await connection.close()


def shoot_a_worker(battle: Field, dice: random.Random) -> None:
    name = dice.choice([name for name in battle.processes if name.startswith("worker")])
    battle.processes[name].kill()
    battle.processes[name].wait()
    battle.spawn(name, "work")


def flush_redis(battle: Field, _: random.Random) -> None:
    with battle.redis() as client:
        client.flushall()


def stop_redis_for_a_while(battle: Field, dice: random.Random) -> None:
    battle.engines.valkey.stop()
    time.sleep(dice.uniform(0.1, 2))
    battle.engines.valkey.start()


def kill_redis(battle: Field, _: random.Random) -> None:
    battle.engines.valkey.kill()
    battle.engines.valkey.start()


def restart_postgres(battle: Field, _: random.Random) -> None:
    battle.engines.postgres.restart()


def kill_postgres(battle: Field, _: random.Random) -> None:
    battle.engines.postgres.kill()
    battle.engines.postgres.start()


def cut_connections(battle: Field, _: random.Random) -> None:
    asyncio.run(_ask(battle.engines.urls.superuser_url, CUT, ()))
    with battle.redis() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


SHOTS = (
    shoot_a_worker,
    shoot_a_worker,
    flush_redis,
    stop_redis_for_a_while,
    kill_redis,
    restart_postgres,
    kill_postgres,
    cut_connections,
)


def test_every_job_runs_to_its_end_and_each_effect_once(battlefield: Field) -> None:
    seed = int(os.environ.get("BEDPLATE_FAULTS_SEED", str(time.time_ns())))
    print(f"BEDPLATE_FAULTS_SEED={seed}")  # to shoot the same way again
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    for number in range(WORKERS):
        battlefield.spawn(f"worker-{number}", "work")
    feeder = battlefield.spawn("feeder", "feed", str(JOBS), str(SECONDS * 0.8))
    # Shots before the first job runs would hit nothing.
    battlefield.settle(
        "select count(*) from job", lambda: battlefield.value("select count(ended_at) from job")
    )
    end = time.monotonic() + SECONDS
    rounds = dice.sample(SHOTS, len(SHOTS))
    while time.monotonic() < end or rounds:
        shot = rounds.pop() if rounds else dice.choice(SHOTS)
        shot(battlefield, dice)
        time.sleep(dice.uniform(0.2, 1.5 if LONG else 0.6))
    battlefield.settle("select count(*) from job", lambda: feeder.poll() is not None)
    assert feeder.returncode == 0
    battlefield.settle(
        "select sum(attempt), count(ended_at) from job", lambda: not battlefield.value(UNENDED)
    )
    verify(battlefield)


def verify(battle: Field) -> None:
    # Jobs of transactions that raised: none was written, and no body of theirs ever ran.
    assert battle.value("select count(distinct job_id) from rolled_back") >= JOBS // 20
    assert battle.value("select count(*) from unwanted") == 0
    assert battle.value("select count(*) from rolled_back r join job j on j.id = r.job_id") == 0
    intended = battle.value("select count(*) from intended")
    assert intended >= JOBS
    assert battle.ask("select state, count(*) from job group by state") == [("succeeded", intended)]
    assert (
        battle.value("select count(*) from intended i left join job j on j.id = i.job_id where j.id is null")
        == 0
    )
    assert battle.value("select count(*) from effect") == intended
    assert battle.value("select count(distinct job_id) from effect") == intended
    miscounted = """
    select count(*) from job where attempt <> 1 + (select count(*) from job_attempt a where a.job_id = job.id)
    """
    assert battle.value(miscounted) == 0
    repeated = battle.value("select count(*) from job where attempt > 1")
    print(f"{intended} jobs, {repeated} of them took more than one attempt")


def test_a_commit_whose_process_dies_before_handover_still_runs(battlefield: Field) -> None:
    battlefield.spawn("worker-0", "work")
    # The first waits for the worker's start.
    battlefield.ask(WARM_UP)
    battlefield.settle("select sum(attempt) from job", lambda: not battlefield.value(UNENDED))
    for _ in range(TRIES):
        dying = battlefield.spawn("dying", "put-and-die")
        assert dying.wait(60) == -signal.SIGKILL
        battlefield.settle("select sum(attempt) from job", lambda: not battlefield.value(UNENDED))
    took = [
        row[0] for row in battlefield.ask("select ended_at - created_at from job order by created_at")[1:]
    ]
    assert len(took) == TRIES
    assert max(took) <= dt.timedelta(seconds=5), took


@long_form
def test_a_cancelled_job_stops_within_a_second_and_never_runs_again(battlefield: Field) -> None:
    doomed = battlefield.spawn("worker-0", "work")
    took = [cancelled_in(battlefield) for _ in range(TRIES)]
    assert max(took) < dt.timedelta(seconds=1), took
    # Its worker can neither obey nor say that it ended.
    job_id = running(battlefield)
    doomed.send_signal(signal.SIGSTOP)
    asyncio.run(cancel(battlefield, job_id))
    doomed.kill()
    battlefield.spawn("worker-1", "work")
    battlefield.settle("select sum(attempt) from job", lambda: not battlefield.value(UNENDED))
    assert battlefield.ask("select state, attempt from job where id = $1", job_id) == [("cancelled", 1)]


def cancelled_in(battle: Field) -> dt.timedelta:
    """How long a running job outlives its cancellation."""
    job_id = running(battle)
    asyncio.run(cancel(battle, job_id))
    battle.settle("select count(ended_at) from job", lambda: not battle.value(UNENDED))
    found = battle.ask("select state, ended_at - cancel_requested_at from job where id = $1", job_id)
    assert found[0][0] == "cancelled"
    return found[0][1]


async def cancel(battle: Field, job_id: UUID) -> None:
    database = Database(DatabaseSettings(url=Secret(battle.engines.urls.database_url)))
    async with database.lifespan(), database.transaction() as session:
        await cancel_job(session, job_id, keep=3600)


def running(battle: Field) -> UUID:
    """A job that would never end."""
    job_id = battle.value(ENDLESS)
    begun = "select count(*) from job where state = 'running' and id = $1"
    battle.settle("select sum(attempt) from job", lambda: battle.value(begun, job_id))
    assert isinstance(job_id, UUID)
    return job_id


@long_form
def test_a_schedule_fires_once_with_four_workers(battlefield: Field) -> None:
    for number in range(4):
        battlefield.spawn(f"worker-{number}", "work-by-the-clock")
    battlefield.settle("select count(*) from job", lambda: battlefield.ask("select from job_schedule"))
    due = "select count(*) from job_schedule where next_at < now()"
    for fired in range(1, FIRINGS + 1):
        battlefield.ask("update job_schedule set next_at = now() - interval '5 seconds'")
        battlefield.settle("select count(*) from job", lambda: not battlefield.value(due))
        assert battlefield.value("select count(*) from job") == fired
    battlefield.settle("select count(ended_at) from job", lambda: not battlefield.value(UNENDED))
    assert battlefield.ask("select state, attempt, count(*) from job group by 1, 2") == [
        ("succeeded", 1, FIRINGS)
    ]
