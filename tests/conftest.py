import gc
import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from xdist.remote import Producer

sys.path.insert(0, str(Path(__file__).parent))

from fixtures import measure, order
from fixtures.urls import TestServers

# A run starts some hundred processes, and each would compile what it imports.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What tests allocate is freed by its count; looking for cycles every 700 objects is a twentieth of the run.
NEW_OBJECTS = 20_000

# Imported by the processes that run tests: the one that only hands them out starts the servers meanwhile.
FIXTURES = ("fixtures.service", "fixtures.fleet", "fixtures.people", "fixtures.mail", "fixtures.cli")
# Before a test folder's own conftest imports one of them.
pytest.register_assert_rewrite(*FIXTURES)


def is_first(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput")


def hands_out(config: pytest.Config) -> bool:
    """Whether this process leaves the tests to others."""
    return is_first(config) and config.option.dist != "no" and bool(config.option.tx)


def pytest_xdist_auto_num_workers() -> int:
    """One a core: the processes that tests start fill what waiting leaves, and each more imports and collects anew."""
    return os.cpu_count() or 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> order.ByFile | None:
    return order.ByFile(config, log) if config.option.dist == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    if is_first(config):
        os.environ[TestServers.VARIABLE] = str(
            Path(tempfile.mkdtemp(prefix="bedplate-run-")) / "servers.json"
        )
    if not hands_out(config):
        measure.begin()
        for name in FIXTURES:
            config.pluginmanager.import_plugin(name)


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart(session: pytest.Session) -> Generator[None]:
    yield  # by now xdist has started the other processes, and they collect
    if is_first(session.config) and not session.config.option.collectonly:
        from fixtures.servers import start_servers

        start_servers().publish()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    order.leave_out_nightly(config, items)
    order.longest_first(items)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])


def pytest_unconfigure(config: pytest.Config) -> None:
    measure.end()
    if is_first(config) and TestServers.is_published():
        from fixtures.servers import drop_databases, stop_servers

        drop_databases(TestServers.from_environment())
        stop_servers()
    if is_first(config):
        TestServers.forget()
