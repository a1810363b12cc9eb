import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fixtures.servers import TestServers, drop_databases, start_servers, stop_servers

pytest_plugins = ["fixtures.service", "fixtures.people", "fixtures.mail"]


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[TestServers.VARIABLE] = start_servers().encode()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        drop_databases(TestServers.from_environment())
        stop_servers()
