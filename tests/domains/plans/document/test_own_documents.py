"""This project's own living documents, read as anybody's would be."""

from pathlib import Path

import pytest

from bedplate.domains.plans.document import findings_of, parse
from bedplate.domains.plans.document.analysis.findings import worth_failing
from bedplate.domains.plans.document.writing.writer import render

FOLDER = Path(__file__).parents[4] / "docs" / "ai"
NAMES = ("actions", "architecture", "improvement-plan", "lessons", "spec", "todo")
PAGES = sorted(FOLDER.glob("*.md"))


def test_none_is_missing() -> None:
    assert [page.stem for page in PAGES] == sorted(NAMES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_is_read_and_comes_back_as_it_was(page: Path) -> None:
    raw = page.read_bytes()
    document = parse(raw)
    assert raw.strip()
    assert document.content.plan.title
    assert render(document, []) == raw


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_none_drifts(page: Path) -> None:
    assert worth_failing(findings_of(page.read_bytes()), "drift") == []


def test_the_tasks_are_understood() -> None:
    content = parse((FOLDER / "todo.md").read_bytes()).content
    phases = [phase.subtitle for phase in content.phases]
    assert phases == ["First Light", "Identity", "Request Platform", "Durable Jobs", "Telemetry", "Ship"]
    assert {prose.resolution for prose in content.prose} <= {"resolved", "none"}
    assert all(node.task for node in content.nodes)
