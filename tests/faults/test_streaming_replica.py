"""A real streaming replica: declared reads go to it, writers read what they wrote, and without it all goes on."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar

from bedplate.platform.db.replica import READS, Replica
from bedplate.platform.embedded.binaries import find_binaries, within_reach
from bedplate.platform.embedded.home import find_home
from bedplate.platform.embedded.process import run
from bedplate.settings import Secret, Settings
from fixtures.apps import calling, running
from fixtures.people import Join
from fixtures.servers import TestServers

pytestmark = [pytest.mark.faults, pytest.mark.nightly]

LATEST = "/v1/audit-events?type=plan.created&limit=1"


def at(url: str, sockets: Path) -> str:
    return urlunsplit(urlsplit(url)._replace(query=f"host={sockets}&port=5432"))


@pytest.fixture
def standby(tmp_path: Path) -> Iterator[Path]:
    """The folder of the socket of a replica of the run's PostgreSQL."""
    servers = TestServers.from_environment()
    source = parse_qs(urlsplit(servers.superuser_url).query)
    user = urlsplit(servers.superuser_url).username or ""
    home = find_home(tmp_path / "standby", print)
    programs = within_reach(find_binaries(), home, print).postgres
    data, sockets = home.folder("data"), home.folder("socket")

    def program(name: str, *arguments: str) -> None:
        ended = run([str(programs / name), *arguments], home.account)
        assert ended.returncode == 0, f"{name}: {ended.stdout}{ended.stderr}"

    program(
        *("pg_basebackup", "-h", source["host"][0], "-p", source["port"][0], "-U", user, "-D", str(data)),
        *("--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--no-sync"),
    )
    options = (
        f"-c listen_addresses='' -c unix_socket_directories={sockets} -c max_connections=200"
        " -c wal_receiver_status_interval=1s"
    )
    program(
        *("pg_ctl", "start", "-w", "-s", "-t", "60", "-D", str(data), "-l", str(sockets / "log")),
        *("-o", options),
    )
    yield sockets
    program("pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", str(data))
    shutil.rmtree(home.root, ignore_errors=True)


async def until_shown(replica: Replica) -> None:
    """Wait until the replica shows at least what the primary has now."""
    row = await replica._primary.fetchrow("select (pg_current_wal_insert_lsn() - '0/0')::bigint")
    assert row
    while replica.progress.replayed < row[0]:
        await asyncio.sleep(0.02)


def answered(server: str) -> float:
    return READS(server)._value.get()


async def latest(client: httpx.AsyncClient, headers: dict[str, str]) -> str | None:
    answer = await client.get(LATEST, headers=headers)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return items[0]["resource"] if items else None


async def test_who_wrote_reads_it_in_every_process_and_a_lost_replica_fails_nobody(
    app: Litestar, settings: Settings, asgi: httpx.AsyncClient, make_admin: Join, standby: Path
) -> None:
    del app
    writer, other = await make_admin(asgi), await make_admin(asgi)
    database = msgspec.structs.replace(
        settings.database,
        replica_url=Secret(at(settings.database.direct_url.reveal(), standby)),
        replica_max_lag=60.0,
    )
    routed = msgspec.structs.replace(settings, database=database)
    superuser = TestServers.from_environment().superuser_url
    control = await asyncpg.connect(at(superuser, standby))
    try:
        async with AsyncExitStack() as stack:
            apps = [await stack.enter_async_context(running(routed)) for _ in range(2)]
            one, two = [await stack.enter_async_context(calling(app)) for app in apps]
            replicas: list[Replica] = [app.state.database.replica for app in apps]
            for replica in replicas:
                await until_shown(replica)

            before, read = await latest(two, other.headers), answered("replica")
            await control.execute("select pg_wal_replay_pause()")
            while await control.fetchval("select pg_get_wal_replay_pause_state()") != "paused":
                await asyncio.sleep(0.02)
            plan = {"key": "shown", "title": "Read what you wrote"}
            made = await one.post("/v1/plans", json=plan, headers=writer.headers)
            assert made.status_code == 201, made.text
            mine = f"plan:{made.json()['id']}"
            assert [await latest(client, writer.headers) for client in (one, two)] == [mine, mine]
            assert await latest(two, other.headers) == before, "the replica answers others"
            assert answered("replica") >= read + 1

            await control.execute("select pg_wal_replay_resume()")
            for replica in replicas:
                await until_shown(replica)
            read = answered("replica")
            assert [await latest(client, writer.headers) for client in (one, two)] == [mine, mine]
            assert answered("replica") == read + 2

            await control.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where backend_type = 'client backend' and pid <> pg_backend_pid()"
            )
            assert await latest(one, other.headers) == mine, (
                "a connection that ended is replaced, or the primary answers"
            )
            for replica in replicas:
                replica.progress.lost()
            assert await latest(two, other.headers) == mine
    finally:
        await control.close()
