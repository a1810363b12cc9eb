"""Workflows parse, ask for few rights, leave no credentials behind, and run what is there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from documents import ROOT

WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yaml")
}


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_workflow_asks_for_little(name: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        # What somebody else names must not become a command.
        assert not re.search(r"\$\{\{\s*github\.(event|head_ref|ref_name)", step.get("run", ""))


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_an_action_is_a_commit_and_says_which_version_that_is(name: str) -> None:
    text = (ROOT / ".github/workflows" / name).read_text()
    used = re.findall(r"uses: (.*)", text)
    assert len(used) == len([step for step in steps(WORKFLOWS[name]) if "uses" in step])
    assert [
        one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)
    ] == []


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_script_that_is_run_is_there(name: str) -> None:
    for step in steps(WORKFLOWS[name]):
        for script in re.findall(r"\./(\.ci/[\w-]+)", step.get("run", "")):
            assert os.access(ROOT / script, os.X_OK)


def test_every_script_is_run_by_a_workflow_the_opt_in_ones_with_their_options() -> None:
    commands = [step.get("run", "") for workflow in WORKFLOWS.values() for step in steps(workflow)]
    scripts = {f"./.ci/{path.name}" for path in (ROOT / ".ci").iterdir()}
    assert {script for script in scripts if not any(script in run for run in commands)} == set()
    assert "./.ci/debian --incidents" in commands
    [installed] = [run for run in commands if "apt-get install" in run]
    assert {"haproxy", "jq", "pgbouncer", "prometheus"} <= set(installed.split())


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_uv_is_one_version_by_its_hashes(name: str) -> None:
    for job in WORKFLOWS[name]["jobs"].values():
        commands = [step["run"] for step in job["steps"] if "run" in step]
        assert commands[0] == "./.ci/install-uv"
        assert not any(re.search(r"\b(?:pip|pipx) install\b", run) for run in commands)
    [pinned] = re.findall(
        r"^uv==[\d.]+ \\$", (ROOT / ".github/uv-requirements.txt").read_text(), re.MULTILINE
    )
    image = re.search(r"astral-sh/uv:([\d.]+)", (ROOT / "Containerfile").read_text())
    assert image is not None
    assert f"{pinned.removeprefix('uv==').rstrip(' \\')}.".startswith(f"{image[1]}.")


def test_the_tutorial_is_followed_at_every_push_and_old_code_runs_on_every_new_schema() -> None:
    pushed = [step.get("run", "") for step in steps(WORKFLOWS["ci.yaml"])]
    assert any("-m nightly" in run and "tests/docs/test_tutorial.py" in run for run in pushed)
    # PyYAML reads the key `on` as true.
    told: dict[str, Any] = {str(key): value for key, value in WORKFLOWS["migrations.yaml"].items()}
    assert "db/**" in told["True"]["push"]["paths"]
    assert told["True"]["push"]["paths"] == told["True"]["pull_request"]["paths"]
    for name in ("migrations.yaml", "nightly.yaml", "release.yaml"):
        jobs = WORKFLOWS[name]["jobs"].values()
        [whole] = [job for job in jobs if any(step.get("run") == "./.ci/old-code" for step in job["steps"])]
        assert whole["steps"][0]["with"]["fetch-depth"] == 0


def test_the_audit_gives_options_that_there_are_and_fails_by_what_it_asks() -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on the path: the suite was started without it")
    script = (ROOT / ".ci/audit").read_text()
    commands = re.findall(r"^uv (audit [^|#\n]*)", script, flags=re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        ended = subprocess.run(
            [uv, *command.split(), "--service-url", "http://127.0.0.1:1"],
            cwd=ROOT,
            env={**os.environ, "UV_HTTP_RETRIES": "0", "UV_OFFLINE": "0"},  # it asks nobody but this address
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 2
        assert "127.0.0.1:1" in ended.stderr, ended.stderr


def test_renovate_pins_what_stands_by_tag() -> None:
    said = json.loads((ROOT / "renovate.json").read_text())
    assert {"helpers:pinGitHubActionDigestsToSemver", "docker:pinDigests"} <= set(said["extends"])
    for manager in ("dockerfile", "docker-compose"):
        [pattern] = said[manager]["managerFilePatterns"]
        file = re.compile(pattern.strip("/"))
        assert [path for path in ("Containerfile", "deploy/compose.yaml") if file.search(path)]
