"""`bedplate plans`, as a user and as CI call it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx

from fixtures.people import sign_up
from fixtures.service import Served

SAMPLE = Path(__file__).parents[1] / "data" / "enterprise-baseline.md"
CLEAN = "# Tracking - Clean\n\n## Phase 1\n\n#### 1. First\n\n- [ ] A box\n"


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "bedplate", "plans", *arguments],
        input=stdin,
        capture_output=True,
        env=os.environ | {"NO_COLOR": "1"} | environment,
        check=False,
    )


def test_findings_fail_a_build_on_drift_only(tmp_path: Path) -> None:
    drifting = run("findings", str(SAMPLE), "--fail-on", "drift")
    assert drifting.returncode == 1
    assert b"task.boxes" in drifting.stdout
    assert run("findings", str(SAMPLE)).returncode == 0
    clean = tmp_path / "clean.md"
    clean.write_text(CLEAN)
    assert run("findings", str(clean), "--fail-on", "info").returncode == 0


def test_findings_as_json_from_standard_input() -> None:
    found = run("findings", "-", "--json", stdin=SAMPLE.read_bytes())
    assert len(json.loads(found.stdout)) == 8


def test_what_is_no_text_ends_in_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.md"
    broken.write_bytes(b"# Plan\n\xff\n")
    ended = run("findings", str(broken))
    assert ended.returncode == 2
    assert ended.stderr.count(b"\n") == 1
    assert b"byte 7" in ended.stderr


def test_ready_of_a_file_needs_no_server() -> None:
    by_prose = run("ready", str(SAMPLE), "--basis", "prose")
    assert [line.split(b".")[0] for line in by_prose.stdout.splitlines()] == [b"2", b"4"]
    explained = run("ready", str(SAMPLE), "--explain")
    assert b"waits: 3. Complete Core Service Implementations" in explained.stdout


def test_without_a_token_or_a_server_it_says_what_to_do() -> None:
    assert b"--token" in run("ready", "no-such-plan", BEDPLATE_TOKEN="").stderr
    lost = run("ready", "no-such-plan", "--token", "t", "--api", "http://127.0.0.1:9")
    assert lost.returncode == 2
    assert b"--api" in lost.stderr


async def test_import_ready_and_export_over_the_api(
    client: httpx.AsyncClient, served: Served, tmp_path: Path
) -> None:
    person = await sign_up(client)
    access = {"BEDPLATE_API": served.origin, "BEDPLATE_TOKEN": person.access_token}
    imported = run("import", str(SAMPLE), "--plan", "sample", **access)
    assert imported.returncode == 0, imported.stderr
    assert b"53 boxes" in imported.stdout
    ready = run("ready", "sample", "--json", **access)
    assert [task["number"] for task in json.loads(ready.stdout)["items"]] == ["2"]
    copy = tmp_path / "copy.md"
    assert run("export", "sample", "--output", str(copy), **access).returncode == 0
    assert copy.read_bytes() == SAMPLE.read_bytes() == run("export", "sample", **access).stdout
    missing = run("export", "no-such-plan", **access)
    assert (missing.returncode, missing.stdout) == (2, b"")
