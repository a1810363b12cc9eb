import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from bedplate.platform.embedded import EmbeddedError, Engines, running


def test_starting_again_changes_nothing(engines, urls):
    before = (engines.postgres.pid, engines.valkey.pid)
    assert engines.start() == urls
    assert (engines.postgres.pid, engines.valkey.pid) == before


def test_data_survives_a_restart(engines, urls, ask):
    ask(urls.owner_url, "CREATE TABLE kept AS SELECT 7 AS number")
    with redis.from_url(urls.redis_url) as client:
        client.set("kept", "7")
        engines.stop()
        assert (engines.postgres.pid, engines.valkey.pid) == (None, None)
        engines.start()
        assert client.get("kept") == b"7"
    assert ask(urls.owner_url, "SELECT number FROM kept") == 7


def test_stopping_twice_is_stopping(engines, urls, shared_dir: Path):
    assert running(shared_dir) == urls
    engines.stop()
    engines.stop()
    assert running(shared_dir) is None


def test_each_server_restarts_alone(engines, urls, ask):
    valkey = engines.valkey.pid
    old = engines.postgres.pid
    engines.postgres.restart()
    assert engines.postgres.pid not in {old, None}
    assert engines.valkey.pid == valkey
    assert ask(urls.database_url, "SELECT 1") == 1


def test_two_checkouts_run_side_by_side(data_dir: Path, urls, ask):
    with Engines(data_dir, durable=False) as other:
        ask(other.urls.owner_url, "CREATE TABLE only_here ()")
        assert ask(urls.owner_url, "SELECT to_regclass('only_here')") is None


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["long" * 30, "a, b'c é"])
def test_any_folder_name_will_do(place: Path, copy_data, ask, name):
    with Engines(copy_data(place / name), durable=False) as engines:
        sockets = engines.postgres.home.sockets
        assert len(os.fsencode(sockets)) < 80
        assert ask(engines.urls.database_url, "SELECT 1") == 1
        with redis.from_url(engines.urls.redis_url) as client:
            assert client.ping()
    sockets.rmdir()


@pytest.mark.nightly
def test_durable_engines_wait_for_the_disk(data_dir: Path, ask):
    query = "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings WHERE name = ANY ("
    query += "'{fsync,full_page_writes,synchronous_commit}')"
    with Engines(data_dir) as durable:
        assert ask(durable.urls.database_url, query) == "on on on"
        durable.stop()
    with Engines(data_dir, durable=False) as fast:
        assert ask(fast.urls.database_url, query) == "off off off"


def test_the_terminals_interrupt_does_not_reach_the_servers(engines):
    for server in (engines.postgres, engines.valkey):
        assert os.getpgid(server.pid) != os.getpgid(0)


@pytest.mark.nightly
def test_the_sockets_folder_is_closed_again(data_dir: Path):
    (data_dir / "engines" / "run").chmod(0o755)
    with Engines(data_dir, durable=False) as engines:
        assert engines.postgres.home.sockets.stat().st_mode & 0o077 == 0


@pytest.mark.nightly
def test_our_environment_is_not_the_servers(data_dir: Path, monkeypatch):
    monkeypatch.setenv("BEDPLATE_SECRET", "only-ours")
    with Engines(data_dir, durable=False) as engines:
        for server in (engines.postgres, engines.valkey):
            assert b"only-ours" not in Path(f"/proc/{server.pid}/environ").read_bytes()


def test_they_start_from_the_main_thread_only(place: Path):
    with ThreadPoolExecutor(1) as pool, pytest.raises(EmbeddedError, match="main thread"):
        pool.submit(Engines(place / "data", durable=False).start).result()
