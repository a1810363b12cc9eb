"""Workflows parse, ask for few rights, leave no credentials behind, and run what is there."""

import json
import re
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
def test_an_action_has_a_version(name: str) -> None:
    for step in steps(WORKFLOWS[name]):
        if "uses" in step:
            assert re.search(r"@(v\d+|[0-9a-f]{40})$", step["uses"])
        for script in re.findall(r"\./(\.ci/\w+)", step.get("run", "")):
            assert (ROOT / script).is_file()


def test_renovate_pins_what_stands_by_tag() -> None:
    said = json.loads((ROOT / "renovate.json").read_text())
    assert {"helpers:pinGitHubActionDigestsToSemver", "docker:pinDigests"} <= set(said["extends"])
    for manager in ("dockerfile", "docker-compose"):
        [pattern] = said[manager]["managerFilePatterns"]
        file = re.compile(pattern.strip("/"))
        assert [path for path in ("Containerfile", "deploy/compose.yaml") if file.search(path)]
