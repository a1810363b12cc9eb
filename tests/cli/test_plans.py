"""`bedplate plans`, as a user and as CI call it."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx

from fixtures.cli import Ended, call
from fixtures.people import sign_up
from fixtures.service import Served

SAMPLE = Path(__file__).parents[1] / "data" / "enterprise-baseline.md"
CLEAN = "# Tracking - Clean\n\n## Phase 1\n\n#### 1. First\n\n- [ ] A box\n"


def plans(*arguments: str, stdin: bytes = b"", **environment: str) -> Ended:
    return call("plans", *arguments, stdin=stdin, environment=environment)


def test_a_process_ends_with_the_code_that_a_build_asks_for() -> None:
    command = [sys.executable, "-m", "bedplate", "plans", "findings", str(SAMPLE), "--fail-on", "drift"]
    drifting = subprocess.run(command, capture_output=True, check=False)
    assert drifting.returncode == 1, drifting.stderr
    assert b"task.boxes" in drifting.stdout
    bare = {name: value for name, value in os.environ.items() if not name.startswith("BEDPLATE_")}
    lost = subprocess.run([*command[:3], "nonsense"], capture_output=True, check=False, env=bare)
    assert (lost.returncode, lost.stderr.count(b"\n")) == (2, 1)
    assert b"no command 'nonsense'" in lost.stderr


def test_findings_fail_a_build_on_drift_only(tmp_path: Path) -> None:
    drifting = plans("findings", str(SAMPLE), "--fail-on", "drift")
    assert drifting.exit_code == 1
    assert "task.boxes" in drifting.stdout
    assert plans("findings", str(SAMPLE)).exit_code == 0
    clean = tmp_path / "clean.md"
    clean.write_text(CLEAN)
    assert plans("findings", str(clean), "--fail-on", "info").exit_code == 0


def test_findings_as_json_from_standard_input() -> None:
    found = plans("findings", "-", "--json", stdin=SAMPLE.read_bytes())
    assert len(json.loads(found.stdout)) == 8


def test_what_is_no_text_ends_in_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.md"
    broken.write_bytes(b"# Plan\n\xff\n")
    ended = plans("findings", str(broken))
    assert ended.exit_code == 2
    assert ended.stderr.count("\n") == 1
    assert "byte 7" in ended.stderr


def test_ready_of_a_file_needs_no_server() -> None:
    by_prose = plans("ready", str(SAMPLE), "--basis", "prose")
    assert [line.split(".")[0] for line in by_prose.stdout.splitlines()] == ["2", "4"]
    explained = plans("ready", str(SAMPLE), "--explain")
    assert "waits: 3. Complete Core Service Implementations" in explained.stdout


def test_without_a_token_or_a_server_it_says_what_to_do() -> None:
    assert "--token" in plans("ready", "no-such-plan", BEDPLATE_TOKEN="").stderr
    lost = plans("ready", "no-such-plan", "--token", "t", "--api", "http://127.0.0.1:9")
    assert lost.exit_code == 2
    assert "--api" in lost.stderr


async def test_import_ready_and_export_over_the_api(
    client: httpx.AsyncClient, served: Served, tmp_path: Path
) -> None:
    person = await sign_up(client)
    access = {"BEDPLATE_API": served.origin, "BEDPLATE_TOKEN": person.access_token}

    async def ask(*arguments: str) -> Ended:
        return await asyncio.to_thread(plans, *arguments, **access)

    imported = await ask("import", str(SAMPLE), "--plan", "sample")
    assert imported.exit_code == 0, imported.stderr
    assert "53 boxes" in imported.stdout
    ready = await ask("ready", "sample", "--json")
    assert [task["number"] for task in json.loads(ready.stdout)["items"]] == ["2"]
    copy = tmp_path / "copy.md"
    assert (await ask("export", "sample", "--output", str(copy))).exit_code == 0
    assert copy.read_bytes() == SAMPLE.read_bytes() == (await ask("export", "sample")).stdout_bytes
    missing = await ask("export", "no-such-plan")
    assert (missing.exit_code, missing.stdout) == (2, "")
