"""Where a declared read goes: decided by positions in the log and one clock, shown without any server."""

from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest

from bedplate.platform.db import ReadPool
from bedplate.platform.db.replica import CallersReads, Progress, Replica
from bedplate.platform.errors import Unavailable


class FakePool(ReadPool):
    """Answers with its own name, or with a position where it is asked for one."""

    def __init__(self, name: str, position: int | None = 0) -> None:
        self.name = name
        self.position = position
        self.fails: Exception | None = None

    async def fetch(self, *_: Any) -> Any:
        if self.fails:
            raise self.fails
        return [self.name]

    async def fetchrow(self, sql: str, *_: Any) -> Any:
        if self.fails:
            raise self.fails
        return [self.position if "lsn" in sql else self.name]


class MemoryMarks:
    def __init__(self) -> None:
        self.kept: dict[UUID, int] = {}
        self.down = False

    async def set(self, caller: UUID, position: int) -> None:
        self.kept[caller] = position

    async def get(self, caller: UUID) -> int | None:
        if self.down:
            raise ConnectionError
        return self.kept.get(caller)


@pytest.fixture
def primary() -> FakePool:
    return FakePool("primary", 100)


@pytest.fixture
def pool() -> FakePool:
    return FakePool("replica", 100)


@pytest.fixture
def marks() -> MemoryMarks:
    return MemoryMarks()


@pytest.fixture
def replica(primary: FakePool, pool: FakePool, marks: MemoryMarks) -> Replica:
    return Replica(primary, pool, marks, max_lag=60.0)


async def asked(replica: Replica, primary: FakePool, caller: UUID) -> str:
    """Who answers a request of the caller."""
    return (await CallersReads(primary, replica, caller).lagging("fetch", "select", ()))[0]


async def test_a_replica_that_was_not_seen_yet_is_not_read(replica: Replica, primary: FakePool) -> None:
    assert await asked(replica, primary, uuid4()) == "primary"
    await replica.look()
    assert await asked(replica, primary, uuid4()) == "replica"


async def test_who_wrote_reads_from_the_primary_until_the_replica_shows_it(
    replica: Replica, primary: FakePool, pool: FakePool
) -> None:
    await replica.look()
    writer, other = uuid4(), uuid4()
    primary.position = 200
    await replica.wrote(writer)
    assert await asked(replica, primary, writer) == "primary"
    assert await asked(replica, primary, other) == "replica"
    pool.position = 199
    await replica.look()
    assert await asked(replica, primary, writer) == "primary"
    pool.position = 200
    await replica.look()
    assert await asked(replica, primary, writer) == "replica"


async def test_where_it_is_not_known_who_wrote_the_primary_answers(
    replica: Replica, primary: FakePool, marks: MemoryMarks
) -> None:
    await replica.look()
    marks.down = True
    assert await asked(replica, primary, uuid4()) == "primary"


async def test_a_replica_that_stands_still_while_the_primary_goes_on_is_left(
    replica: Replica, primary: FakePool
) -> None:
    replica.progress.note(monotonic() - 61, 100)
    replica.progress.replay(100)
    assert await asked(replica, primary, uuid4()) == "primary"


async def test_a_promoted_replica_is_left(replica: Replica, primary: FakePool, pool: FakePool) -> None:
    await replica.look()
    pool.position = None
    await replica.look()
    assert await asked(replica, primary, uuid4()) == "primary"


@pytest.mark.parametrize("fault", [OSError(), Unavailable("none came free"), TimeoutError()])
async def test_what_the_replica_fails_the_primary_answers(
    replica: Replica, primary: FakePool, pool: FakePool, fault: Exception
) -> None:
    await replica.look()
    pool.fails = fault
    assert await asked(replica, primary, uuid4()) == "primary"
    pool.fails = None
    assert await asked(replica, primary, uuid4()) == "primary", "until it is seen again"
    await replica.look()
    assert await asked(replica, primary, uuid4()) == "replica"


async def test_a_requests_reads_go_to_one_server(replica: Replica, primary: FakePool) -> None:
    await replica.look()
    caller = uuid4()
    request = CallersReads(primary, replica, caller)
    assert await request.lagging("fetch", "select", ()) == ["replica"]
    primary.position = 300
    await replica.wrote(caller)
    assert await request.lagging("fetch", "select", ()) == ["replica"]
    assert await request.fetch("select") == ["primary"], "what was not declared"


def test_the_lag_is_the_age_of_what_the_replica_shows() -> None:
    progress = Progress()
    assert progress.lag(0.0) == float("inf")
    for at in range(5):
        progress.note(float(at), at * 10)
    progress.replay(25)
    assert progress.lag(4.0) == 2.0
    progress.replay(40)
    assert progress.lag(4.5) == 0.5
