"""The tutorial: its blocks, taken from the page, make a working domain in a clean checkout."""

import ast
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bedplate.settings import Settings
from fixtures.servers import TestServers, clone_database
from fixtures.service import Served, environment_of, free_port
from fixtures.tutorial import Block, blocks

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
NEW = "bedplate.domains.notes"
COMMAND_SECONDS = 600
WITHOUT_SERVERS = "-u BEDPLATE_DATABASE_URL -u BEDPLATE_DATABASE_OWNER_URL -u BEDPLATE_REDIS_URL"
PASSWORD = "only for this run, and long"


def python_blocks() -> list[Block]:
    return [block for block in blocks(PAGE) if block.kind == "python"]


@pytest.mark.parametrize("block", python_blocks(), ids=lambda block: block.path)
def test_a_block_compiles_and_finds_what_it_imports(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text, block.path)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith(NEW):
            module = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_the_changes_fit_the_files_they_change(tmp_path: Path) -> None:
    changes = [block for block in blocks(PAGE) if block.kind == "diff"]
    assert [change.path for change in changes] == ["src/bedplate/app.py", "pyproject.toml"]
    for change in changes:
        (tmp_path / change.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / change.path, tmp_path / change.path)
        change.apply(tmp_path)
        assert "notes" in (tmp_path / change.path).read_text()


class Checkout:
    """A copy of the tracked files, with servers to use and the page's commands to run."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.environment = environment_of(
            settings,
            PYTHONPATH=str(folder / "src"),
            PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        )
        for name in ("PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST"):
            self.environment.pop(name, None)

    def follow(self, script: str, **extra: str) -> str:
        """Run a block; the environment is there already, and the tests bring servers of their own."""
        command = script.replace("uv run pytest", f"env {WITHOUT_SERVERS} pytest").replace("uv run ", "")
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=self.environment | extra,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def call(self, script: str) -> str:
        """Run a block against the checkout, served with its worker."""
        email = "owner@team.example"
        port = free_port()
        served = Served(f"http://127.0.0.1:{port}", self.environment)
        try:
            served.spawn(
                *("granian", "--interface", "asgi", "--factory", "bedplate.app:create_app"),
                *("--port", str(port), "--no-ws", "--log-level", "warning"),
            )
            served.spawn("bedplate", "worker")
            self.follow(f"until curl -sf {served.origin}/health/startup; do sleep 0.1; done")
            self.follow(f"bedplate users create {email} --role admin --password-stdin <<< '{PASSWORD}'")
            return self.follow(
                script,
                BEDPLATE_API=served.origin,
                BEDPLATE_ADMIN_EMAIL=email,
                BEDPLATE_ADMIN_PASSWORD=PASSWORD,
            )
        finally:
            served.stop()


@pytest.fixture
def checkout(tmp_path: Path, settings: Settings, worker_id: str) -> Checkout:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    database = clone_database(TestServers.from_environment(), f"tutorial_{worker_id}")
    return Checkout(tmp_path, msgspec.structs.replace(settings, database=database))


@pytest.mark.nightly
def test_the_page_ends_with_a_working_domain(checkout: Checkout) -> None:
    told = ""
    for block in blocks(PAGE):
        match block.kind:
            case "python" | "diff":
                block.apply(checkout.folder)
            case "sh":
                told += checkout.follow(block.text)
            case _:
                told += checkout.call(block.text)
    assert "4 passed" in told
    assert "0 broken" in told
    assert '"words":3' in told
    assert "note:" in told
