import os
from pathlib import Path

import pytest
import redis

from bedplate.platform.embedded import EmbeddedError, Engines
from bedplate.platform.embedded.ownership import Owner, Ownership


def test_a_second_process_attaches(engines, urls, shared_dir: Path, run_engines):
    told = run_engines(shared_dir).answer()
    assert told["database_url"] == urls.database_url
    assert (told["postgres"], told["valkey"]) == (engines.postgres.pid, engines.valkey.pid)


def test_only_the_owner_stops(engines, urls, shared_dir: Path, run_engines, ask):
    second = run_engines(shared_dir)
    second.answer()
    second.stop_engines()
    second.end()
    with Engines(shared_dir, durable=False):
        pass
    assert ask(urls.database_url, "SELECT 1") == 1


def test_a_forked_child_stops_nothing_and_holds_nothing(engines, urls, ask):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        engines.stop()
        os.write(writing, b"1")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 1) == b"1"
    os.close(reading)
    os.close(writing)
    assert ask(urls.database_url, "SELECT 1") == 1


def test_a_forked_child_does_not_keep_the_lock(shared_dir: Path, engines):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    engines.stop()
    with Engines(shared_dir, durable=False) as second:
        assert second.postgres.pid
    os.close(writing)
    os.waitpid(child, 0)


@pytest.mark.nightly
def test_a_waiting_process_takes_over_from_a_killed_one(data_dir: Path, run_engines, ask):
    first = run_engines(data_dir)
    first.answer()
    second = run_engines(data_dir)
    second.answer()
    first.kill()
    third = run_engines(data_dir)
    told = third.answer()
    assert ask(told["database_url"], "SELECT 1") == 1


@pytest.mark.nightly
def test_a_killed_owners_note_is_not_taken_for_its_servers(data_dir: Path, run_engines, monkeypatch):
    first = run_engines(data_dir)
    first.answer()
    first.kill()
    starting = Ownership(data_dir)
    late = Engines(data_dir, durable=False)
    assert starting.acquire()
    assert starting.owner() is not None
    monkeypatch.setattr("bedplate.platform.embedded.engines._OTHER_STARTS", 0.1)
    with pytest.raises(EmbeddedError, match="its servers do not answer: end it first"):
        late.start()
    starting.release()


def test_a_later_process_of_the_same_pid_is_not_the_owner():
    assert not Owner(pid=os.getpid(), started="1", detached=False).lives


def test_processes_that_start_at_once_share_one_pair(place: Path, run_engines):
    told = [process.answer() for process in [run_engines(place / "data") for _ in range(4)]]
    assert len({(one["postgres"], one["valkey"]) for one in told}) == 1


@pytest.mark.nightly
def test_detached_servers_outlive_their_starter_until_stopped(data_dir: Path, run_engines, ask, alive):
    first = run_engines(data_dir, "--detached")
    told = first.answer()
    first.kill()
    assert ask(told["database_url"], "SELECT 1") == 1
    with Engines(data_dir, durable=False) as attached:
        assert attached.postgres.pid == told["postgres"]
    assert alive(told["postgres"])
    Engines(data_dir, detached=True).stop()
    assert not alive(told["postgres"])
    assert not alive(told["valkey"])


@pytest.mark.nightly
def test_detached_servers_that_are_half_gone_are_made_whole(data_dir: Path, run_engines, alive):
    told = run_engines(data_dir, "--detached").answer()
    detached = Engines(data_dir, durable=False, detached=True)
    detached.valkey.kill()
    with Engines(data_dir, durable=False) as attached, redis.from_url(told["redis_url"]) as client:
        assert client.ping()
        assert not attached.valkey.tied
        assert attached.postgres.pid == told["postgres"]
    assert alive(told["postgres"])
    detached.stop()
    assert not alive(told["postgres"])


def test_a_detached_stop_leaves_an_owners_servers(engines, urls, shared_dir: Path, ask):
    Engines(shared_dir, detached=True).stop()
    assert ask(urls.database_url, "SELECT 1") == 1
