import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import redis

from bedplate.platform.embedded import Engines
from bedplate.platform.embedded.binaries import find_binaries
from bedplate.platform.embedded.process import command_line

# computes without a pause in which a session would notice that the server is gone
BUSY = "SELECT /* busy */ sum(a) FROM generate_series(1, 10000000000) a"


@pytest.mark.nightly
def test_killed_servers_start_again_with_their_data(durable_engines, ask):
    engines, urls = durable_engines, durable_engines.urls
    ask(urls.owner_url, "CREATE TABLE kept AS SELECT 7 AS number")
    with redis.from_url(urls.redis_url) as client:
        client.set("kept", "7")
    engines.postgres.kill()
    engines.valkey.kill()
    assert (engines.postgres.pid, engines.valkey.pid) == (None, None)
    assert engines.revive()
    assert not engines.revive()
    assert ask(urls.owner_url, "SELECT number FROM kept") == 7
    with redis.from_url(urls.redis_url) as client:
        assert client.get("kept") == b"7"


def test_a_busy_session_does_not_keep_a_killed_server_from_starting(engines, urls, ask, wait_until):
    psql = find_binaries().postgres / "psql"
    active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%busy%' AND state = 'active'"
    with subprocess.Popen([psql, "-XAtc", BUSY, urls.database_url], stderr=subprocess.DEVNULL) as busy:
        # the query asking counts itself
        wait_until(lambda: ask(urls.superuser_url, active) == 2)
        engines.postgres.kill()
        engines.postgres.start()
        assert ask(urls.database_url, "SELECT 1") == 1
        assert busy.wait(60) == 2  # its connection was lost


def test_everything_killed_at_once_recovers(data_dir: Path, run_engines, ask, alive, wait_until):
    first = run_engines(data_dir, "--durable")
    told = first.answer()
    ask(told["owner_url"], "CREATE TABLE kept AS SELECT 7 AS number")
    for pid in (told["postgres"], told["valkey"], first.process.pid):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(told["postgres"]))
    first.process.wait(60)
    with Engines(data_dir) as engines:
        assert ask(engines.urls.owner_url, "SELECT number FROM kept") == 7


def test_servers_end_with_a_killed_owner(data_dir: Path, run_engines, alive, wait_until):
    first = run_engines(data_dir)
    told = first.answer()
    first.kill()
    wait_until(lambda: not alive(told["postgres"]) and not alive(told["valkey"]))


@pytest.mark.nightly
def test_a_new_owner_waits_for_the_servers_of_a_killed_one(data_dir: Path, run_engines, ask):
    first = run_engines(data_dir)
    told = first.answer()
    first.kill()
    with Engines(data_dir, durable=False) as engines:
        assert engines.postgres.pid not in {told["postgres"], None}
        assert ask(engines.urls.database_url, "SELECT 1") == 1


def test_a_pid_that_another_process_has_now_is_stale(engines, urls, ask, wait_until):
    home = engines.postgres.home
    engines.postgres.kill()
    account = home.account
    with subprocess.Popen(["/bin/sleep", "60"], user=account.uid, group=account.gid) as sleeper:
        wait_until(lambda: command_line(sleeper.pid))
        for file in (engines.postgres.data / "postmaster.pid", home.sockets / ".s.PGSQL.5432.lock"):
            _, rest = file.read_text().split("\n", 1)
            file.write_text(f"{sleeper.pid}\n{rest}")
        engines.postgres.start()
        assert engines.postgres.pid not in {sleeper.pid, None}
        assert sleeper.poll() is None
        sleeper.kill()
    assert ask(urls.database_url, "SELECT 1") == 1


def test_the_status_of_a_killed_server_never_passes_for_that_of_the_one_that_follows(engines, monkeypatch):
    file = engines.postgres.data / "postmaster.pid"
    following = file.read_text()
    _, rest = following.split("\n", 1)
    reads = iter([f"1\n{rest}"])  # what the first look sees, before the file is replaced
    monkeypatch.setattr(Path, "read_text", lambda *_args, **_options: next(reads, following))
    assert not engines.postgres._is_ready()
    assert engines.postgres._is_ready()


def test_a_valkey_pid_that_another_process_has_now_is_stale(engines, urls, wait_until):
    engines.valkey.kill()
    with subprocess.Popen(["/bin/sleep", "60"]) as sleeper:
        wait_until(lambda: command_line(sleeper.pid))
        (engines.valkey.home.sockets / "valkey.pid").write_text(f"{sleeper.pid}\n")
        engines.valkey.start()
        assert sleeper.poll() is None
        sleeper.kill()
    with redis.from_url(urls.redis_url) as client:
        assert client.ping()


def test_a_torn_tail_of_the_append_only_file_costs_only_itself(engines, urls):
    with redis.from_url(urls.redis_url) as client:
        client.set("kept", "7")
    engines.valkey.kill()
    (tail,) = (engines.valkey.home.root / "valkey" / "appendonlydir").glob("*.incr.aof")
    with tail.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nto")
    engines.valkey.start()
    with redis.from_url(urls.redis_url) as client:
        assert client.get("kept") == b"7"


def test_a_creation_cut_short_starts_over(place: Path, ask, monkeypatch):
    from bedplate.platform.embedded import cluster

    monkeypatch.setattr(cluster, "_SETUP", "CREATE ROLE bedplate\nCREATE NONSENSE\n")
    with pytest.raises(Exception, match="NONSENSE"):
        Engines(place / "data", durable=False).start()
    monkeypatch.undo()
    (place / "data" / "engines" / "postgres-18.unfinished-1").mkdir()
    with Engines(place / "data", durable=False) as engines:
        assert ask(engines.urls.owner_url, "SELECT 1") == 1
    assert [path.name for path in (place / "data" / "engines").glob("postgres-*")] == ["postgres-18"]


@pytest.mark.nightly
def test_servers_whose_data_was_deleted_are_still_found_and_stopped(data_dir: Path, run_engines, ask, alive):
    told = run_engines(data_dir, "--detached").answer()
    shutil.rmtree(data_dir / "engines" / "postgres-18", ignore_errors=True)
    Engines(data_dir, durable=False, detached=True).stop()
    assert not alive(told["postgres"])
    with Engines(data_dir, durable=False) as engines:
        assert ask(engines.urls.database_url, "SELECT 1") == 1
