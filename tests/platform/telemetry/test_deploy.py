"""Alert rules and dashboards ask for what the service tells, and every alert has its page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bedplate.platform.db import Database
from bedplate.platform.telemetry.access import AccessLine

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
RUNBOOKS = ROOT / "docs" / "runbooks"
RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yaml"))
DASHBOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
NAME = re.compile(r"\b(?:bedplate|slo|cache(?=:))[_:]\w[\w:]*")
PART = re.compile(r"_(bucket|count|sum)$")
ALERT = re.compile(r"- alert: (\w+)")


@pytest.fixture
async def told(asgi) -> set[str]:
    """Families of a live scrape; a labelled one may have no series yet."""
    text = (await asgi.get("/metrics")).text
    return set(re.findall(r"# TYPE (bedplate_\w+) ", text))


def recorded() -> set[str]:
    return set(re.findall(r"record: (\S+)", "".join(path.read_text() for path in RULES)))


@pytest.mark.parametrize("path", [*RULES, *DASHBOARDS], ids=lambda path: path.name)
async def test_every_metric_asked_for_is_told(path, told):
    text = re.sub(
        r"runbook: .*|summary: .*|\"(uid|tags|title)\": .*|record: .*|name: .*", "", path.read_text()
    )
    text = re.sub(r'"bedplate"|bedplate\.\*', "", text)
    asked = {PART.sub("", name) for name in NAME.findall(text)}
    assert asked <= told | recorded()


async def test_every_metric_that_is_told_is_on_a_dashboard_and_in_the_reference(told):
    told = {name for name in told if not name.endswith("_created")}
    shown = "".join(path.read_text() for path in [*DASHBOARDS, *RULES])
    reference = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    assert {name for name in told if name not in shown or name not in reference} == set()


def test_every_alert_has_its_page_and_every_page_its_alert():
    alerts = {name for path in RULES for name in ALERT.findall(path.read_text())}
    pages = {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"}
    assert alerts == pages


def test_every_alert_has_a_case():
    cases = "".join(path.read_text() for path in (DEPLOY / "prometheus" / "tests").glob("*.yaml"))
    alerts = {name for path in RULES for name in ALERT.findall(path.read_text())}
    assert {
        name for name in alerts if f'alertname="{name}"' not in cases and f"alertname: {name}" not in cases
    } == set()


@pytest.mark.parametrize("folder", ["prometheus", "grafana"])
def test_what_is_written_by_a_program_is_current(folder):
    subprocess.run([sys.executable, DEPLOY / folder / "build.py", "--check"], check=True)


def blocks(language: str) -> list[str]:
    text = (ROOT / "docs" / "diagnosis.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("statement", blocks("sql"))
async def test_statements_of_the_diagnosis_page_run(statement, database_settings):
    database = Database(database_settings)
    await database.reads.fetch(statement)
    await database.close()


def test_fields_of_the_diagnosis_page_are_written():
    fields = {*AccessLine.__struct_fields__, "exception"}
    asked = {name for query in blocks("jq") for name in re.findall(r"(?<![\w)])\.([a-z_]+)", query)}
    assert asked <= fields


async def test_metrics_of_the_pages_are_told(told):
    pages = [ROOT / "docs" / "diagnosis.md", *RUNBOOKS.glob("*.md")]
    asked = {PART.sub("", name) for page in pages for name in re.findall(r"\bbedplate_\w+", page.read_text())}
    assert asked <= told
