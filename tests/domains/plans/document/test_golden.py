"""The facts of the sample that every import of it must yield."""

from datetime import date

import pytest

from bedplate.domains.plans.document import findings
from bedplate.domains.plans.document.analysis.graph import graph_of
from bedplate.domains.plans.document.analysis.paths import critical_path
from bedplate.domains.plans.document.analysis.readiness import blocked, ready


def hours(chain):
    return chain.effort_min / 60, chain.effort_max / 60


def test_boxes(document):
    assert document.report.boxes == 53
    assert len(document.content.items) == 48
    assert len(document.content.criteria) == 5


def test_metadata_from_top_and_footer(document):
    plan = document.content.plan
    assert (plan.document_kind, plan.title) == ("Task Tracking", "FastAPI Enterprise Baseline")
    assert (plan.document_version, plan.document_updated_on) == ("1.0.0", date(2025, 1, 25))
    assert (plan.current_phase, plan.status) == ("Phase 1 - Critical Fixes", "Active")
    assert plan.update_frequency == "Daily during active development"
    assert plan.review_schedule == "Weekly or at phase completion"


def test_phases(document):
    first, second = document.content.phases
    assert (first.ordinal, first.name, first.subtitle) == (1, "Phase 1", "Critical Fixes")
    assert (first.state, first.start_on, first.target_text) == (
        "in_progress",
        date(2025, 1, 25),
        "End of Week 1",
    )
    assert (second.name, second.state, second.start_text) == (
        "Phase 2",
        "pending",
        "After Phase 1 completion",
    )


def test_tasks(document):
    tasks = {task.number or task.title: task for task in document.content.tasks}
    assert len(tasks) == 11
    assert (tasks["1"].state, tasks["1"].stated_percent) == ("completed", 80)
    assert tasks["1"].next_step == "Create actions.md and lessons.md"
    assert (tasks["2"].glyph, tasks["2"].word, tasks["2"].state) == ("⚠️", "PENDING", "pending")
    assert (tasks["2"].priority, tasks["2"].effort_min, tasks["2"].effort_max) == ("critical", 240, 360)
    assert tasks["Documentation Foundation"].completed_on == date(2025, 1, 25)
    assert tasks["OAuth Credentials Security"].state == "deferred"
    epic = tasks["Enterprise Features Implementation"]
    children = [task.title for task in document.content.tasks if task.parent == epic.ref]
    assert (epic.kind, epic.priority) == ("epic", "high")
    assert children == ["Rate Limiting Implementation", "Caching Layer", "Monitoring Integration"]


def test_deferral(document):
    (deferral,) = document.content.deferrals
    assert deferral.original_issue == "Google OAuth credentials in .env"
    assert deferral.reason == "User requested to keep current setup for now"
    assert deferral.until_phase == "phase:phase-2"


def test_criteria_are_measured(document):
    passing, coverage = document.content.criteria[:2]
    assert (passing.comparison, passing.target, passing.current) == (">=", 138, 0)
    assert (coverage.comparison, coverage.target, coverage.current, coverage.unit) == (">", 80, 19, "%")
    assert {criterion.phase for criterion in document.content.criteria} == {"phase:phase-1"}


def test_records_risks_standup_facts_notes(document):
    content = document.content
    assert [(d.number, d.title) for d in content.decisions] == [
        (1, "Documentation First Approach"),
        (2, "Test Suite Priority"),
        (3, "Ruff Migration"),
    ]
    assert [lesson.title for lesson in content.lessons] == ["Documentation Value", "Phase Planning"]
    assert [risk.level for risk in content.risks] == ["high", "medium", "low"]
    assert [entry.kind for entry in content.standups] == ["done", "done", "today", "today"]
    assert {fact.key: fact.raw for fact in content.facts} == {
        "blocked": "None currently.",
        "Phase 1 Start": "2025-01-25",
        "Target Completion": "End of Week 1",
        "Time Spent": "2 hours (documentation)",
        "Remaining Estimate": "12-16 hours",
    }
    assert len(content.notes) == 3


def test_prose_and_graph(document):
    content = document.content
    resolved = {(p.task, p.side): p.target for p in content.prose if p.resolution == "resolved"}
    assert resolved == {("task:3", "dependencies"): "task:2", ("task:5", "dependencies"): "task:4"}
    assert [p.raw for p in content.prose if p.resolution == "wildcard"] == ["All other development work"]
    assert {node.mermaid_id: node.task for node in content.nodes} == {
        "A": "task:2",
        "B": "task:3",
        "C": "task:4",
        "D": None,
        "E": "task:5",
        "F": None,
        "G": None,
    }
    assert [(arrow.source, arrow.target) for arrow in content.arrows] == [
        ("A", "B"),
        ("A", "C"),
        ("B", "D"),
        ("C", "E"),
        ("E", "F"),
        ("F", "G"),
    ]


def test_findings_are_exactly_the_golden_ones(document):
    found = findings(document.content)
    assert [(each.code, each.entity, each.line) for each in found] == [
        ("task.boxes", "task:1", 11),
        ("task.percent", "task:1", 20),
        ("dependencies.omit", "task:4", 68),
        ("blocking.omit", "task:4", 69),
        ("blocking.omit", "task:5", 83),
        ("blocked.none", "fact:blocked", 121),
        ("graph.dead-end", "node:d", 136),
        ("estimate.remaining", "fact:remaining-estimate", 155),
    ]
    messages = {each.code: each.message for each in found}
    assert "5 of 7" in messages["task.boxes"]
    assert "71%" in messages["task.percent"]
    assert "3 and 5 wait" in messages["blocked.none"]
    assert "12-16 hours" in messages["estimate.remaining"]
    assert "13-19 hours" in messages["estimate.remaining"]
    assert {each.severity for each in found} == {"drift"}


@pytest.mark.parametrize(
    ("basis", "expected"),
    [("prose", ("task:2", "task:4")), ("graph", ("task:2",)), ("both", ("task:2",))],
)
def test_ready(document, basis, expected):
    assert ready(graph_of(document.content), basis=basis).ready == expected


def test_every_other_task_says_why_it_waits(document):
    answer = ready(graph_of(document.content), explain=True)
    assert len(answer.waiting) == len(document.content.tasks) - 1
    assert all(answer.waiting.values())
    assert [reason.waits_for for reason in answer.waiting["task:4"]] == ["task:2"]
    assert [reason.kind for reason in answer.waiting["task:caching-layer"]] == ["phase"]


def test_blocked_by_prose(document):
    assert blocked(graph_of(document.content), basis="prose") == {
        "task:3": ("task:2",),
        "task:5": ("task:4",),
    }


def test_longest_chain_by_prose(document):
    path = critical_path(graph_of(document.content), basis="prose")
    assert path.by_max.tasks == path.by_min.tasks == ("task:2", "task:3")
    assert hours(path.by_max) == (10, 14)


def test_path_to_the_end_of_the_phase(document):
    path = critical_path(graph_of(document.content), target="node:f")
    assert path.by_max.tasks == ("task:2", "task:4", "task:5")
    assert path.by_max.vertices[-1] == "node:f"
    assert hours(path.by_max) == (7, 11)


def test_all_but_one_heading_is_understood(document):
    assert [(each.line, each.kind) for each in document.report.unread] == [(142, "heading")]
