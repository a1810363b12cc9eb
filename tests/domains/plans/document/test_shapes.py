"""The rules of reading, on documents of other shapes than the sample's."""

import pytest

from bedplate.domains.plans.document import findings_of, parse
from bedplate.domains.plans.document.analysis.graph import graph_of
from bedplate.domains.plans.document.analysis.readiness import ready


def read(text):
    return parse(text.encode()).content


def codes(text):
    return [finding.code for finding in findings_of(text.encode())]


@pytest.mark.parametrize(
    ("heading", "number", "title", "state"),
    [
        ("2. Title ⚠️ PENDING", "2", "Title", "pending"),
        ("✅ Title (2025-01-25)", None, "Title", "completed"),
        ("1.2 Title - in progress", "1.2", "Title", "in_progress"),
        ("Task 7: Title [DONE]", "7", "Title", "completed"),
        ("[DONE] Title", None, "Title", "completed"),
        ("AB-12: Title ✔", "AB-12", "Title", "completed"),
        ("Titel 🚧", None, "Titel", "in_progress"),
        ("标题 ✅", None, "标题", "completed"),
        ("Feature complete", None, "Feature complete", "pending"),
        ("Title ❌ CANCELLED", None, "Title", "cancelled"),
        ("Title 🎯 DONE", None, "Title", "completed"),
    ],
)
def test_headings(heading, number, title, state):
    (task,) = read(f"# P\n\n## Active Tasks\n\n### {heading}\n").tasks
    assert (task.number, task.title, task.state) == (number, title, state)


def test_the_word_wins_then_status_then_boxes():
    worded = "### 1. A ✅ DONE\n**Status**: In Progress\n- [ ] x\n"
    stated = "### 2. B\n**Status**: In Progress\n- [x] x\n"
    boxed = "### 3. C\n- [x] x\n"
    content = read(f"# P\n\n## Tasks\n\n{worded}\n{stated}\n{boxed}")
    assert [task.state for task in content.tasks] == ["completed", "in_progress", "completed"]


def test_a_disagreement_is_a_finding():
    assert codes("## Tasks\n\n### 1. A ✅ DONE\n**Status**: In Progress\n") == ["task.status"]
    assert codes("## Tasks\n\n### 1. A ⏳ PENDING\n- [x] x\n") == ["task.boxes"]
    assert codes("## Tasks\n\n### 1. A ⏳ PENDING\n- [x] x\n- [ ] y\n") == ["task.begun"]
    assert codes("## Completed Tasks\n\n### 1. A ⏳ PENDING\n") == ["task.section"]
    assert codes("## Tasks\n\n### 1. A ✅\n\n### 1. B ✅\n") == ["task.number"]
    assert codes("## Criteria\n\n- [x] coverage >80% (currently 19%)\n") == ["criterion.met"]
    assert codes("## Criteria\n\n- [ ] coverage >80% (currently 91%)\n") == ["criterion.open"]


def test_an_unclear_dependency_is_a_warning():
    text = "## Tasks\n\n### 1. Red door ⏳\n\n### 2. Red gate ⏳\n\n### 3. Wall ⏳\n**Dependencies**: {}\n"
    assert codes(text.format("red")) == ["dependencies.unclear"]
    assert codes(text.format("the moon")) == ["dependencies.unclear"]
    assert codes(text.format("red door")) == []


def test_an_edge_that_the_graph_lacks():
    text = (
        "## Tasks\n\n### 1. Alpha ⏳\n\n### 2. Beta ⏳\n**Dependencies**: Task 1\n\n"
        "```mermaid\nflowchart LR\nX[Alpha]\nY[Beta]\n```\n"
    )
    assert codes(text) == ["graph.omits"]


def test_a_cycle_is_found_and_nothing_hangs():
    text = "## Tasks\n\n### 1. A ⏳\n**Dependencies**: Task 2\n\n### 2. B ⏳\n**Dependencies**: 1\n"
    assert codes(text) == ["graph.cycle"]
    assert ready(graph_of(read(text))).ready == ()


@pytest.mark.parametrize(
    "line", ["**Priority**: High", "**Priority:** High", "- **Priority**: P1", "Priority: high"]
)
def test_both_forms_of_fields(line):
    (task,) = read(f"## Tasks\n\n### A\n{line}\n").tasks
    assert task.priority == "high"


@pytest.mark.parametrize(
    ("stated", "least", "most"),
    [
        ("4-6 hours", 240, 360),
        ("1 day", 480, 480),
        ("2d", 960, 960),
        ("30 min – 2 h", 30, 120),
        ("1.5h", 90, 90),
        ("~1 week", 2400, 2400),
        ("unknown", None, None),
    ],
)
def test_efforts(stated, least, most):
    (task,) = read(f"## Tasks\n\n### A\n**Estimated Effort**: {stated}\n").tasks
    assert (task.effort_min, task.effort_max) == (least, most)


def test_markers_are_kept_raw():
    content = read("## Tasks\n\n### 1. A ⏳\n- [X] a\n- [o] b\n- [~] c\n- [-] d\n* [ ] e\n")
    assert [(item.marker, item.done) for item in content.items] == [
        ("X", True), ("o", False), ("~", False), ("-", False), (" ", False),
    ]  # fmt: skip


def test_boxes_under_no_task_are_tasks_and_deeper_ones_their_items():
    content = read("# Notes\n\n## Backend\n\n- [ ] one\n  - [x] part\n- [x] two\n\n## Other\n\n- [~] three\n")
    assert [(task.title, task.state) for task in content.tasks] == [
        ("one", "pending"), ("two", "completed"), ("three", "in_progress"),
    ]  # fmt: skip
    assert [(item.task, item.text) for item in content.items] == [("task:one", "part")]


def test_a_table_with_a_state_column_is_tasks():
    text = (
        "# P\n\n| # | Task | Status | Priority | Estimate |\n|---|---|:-:|---|---|\n"
        "| 1 | Build `a|b` | ✅ Done | High | 2h |\n| 2 | Ship | 🚧 In Progress | | |\n| 3 | Rest | [ ] | low | 1d |\n"
    )
    tasks = read(text.replace("`a|b`", "it")).tasks
    assert [(t.number, t.title, t.state, t.priority, t.effort_min) for t in tasks] == [
        ("1", "Build it", "completed", "high", 120),
        ("2", "Ship", "in_progress", "none", None),
        ("3", "Rest", "pending", "low", 480),
    ]


def test_a_table_without_a_state_column_is_kept_and_counted():
    report = parse(b"| a | b |\n|---|---|\n| 1 | 2 |\n").report
    assert report.counts["tasks"] == 0
    assert [(each.line, each.end_line, each.kind) for each in report.unread] == [(1, 3, "table")]


def test_a_box_in_a_fence_is_no_task():
    content = read("# P\n\n```\n- [ ] code\n```\n\n    - [ ] indented\n\n<!--\n- [ ] comment\n-->\n")
    assert content.tasks == ()
    assert content.items == ()


def test_a_kanban_board():
    content = read("# Board\n\n## To Do\n- [ ] a\n\n## In Progress\n- 🚧 b\n\n## Done\n- c\n")
    assert [(task.title, task.state) for task in content.tasks] == [
        ("a", "pending"), ("b", "in_progress"), ("c", "completed"),
    ]  # fmt: skip


def test_a_phase_after_an_open_one_waits():
    text = "## Phase 1: A\n\n### 1. X ⏳ PENDING\n\n## Phase 2: B\n\n### 2. Y ⏳ PENDING\n"
    assert ready(graph_of(read(text))).ready == ("task:1",)
    assert ready(graph_of(read(text.replace("X ⏳ PENDING", "X ✅ DONE")))).ready == ("task:2",)


def test_records_as_headings_take_the_text_below():
    content = read("# Lessons Learned\n\n## 1. Small steps\n\nThey help.\n\nAlways.\n\n- even here\n")
    (lesson,) = content.lessons
    assert (lesson.number, lesson.title) == (1, "Small steps")
    assert lesson.body == "They help.\n\nAlways.\n\n- even here"


def test_a_decision_states_its_status():
    (decision,) = read("# Decisions\n\n## 1. Use it\n\n**Status**: Superseded\n\nBecause.\n").decisions
    assert (decision.status, decision.body) == ("superseded", "Because.")


def test_setext_headings_and_closing_hashes():
    content = read("Plan - Name\n===========\n\nActive Tasks\n------------\n\n### 1. A ✅ DONE ###\n")
    assert content.plan.title == "Name"
    assert [(task.title, task.state) for task in content.tasks] == [("A", "completed")]


def test_prose_that_is_no_plan_yields_no_tasks():
    content = read("# Guide\n\n## 1. Introduction\n\nWords.\n\n## 2. Use\n\n- point\n- **Term**: meaning\n")
    assert content.tasks == ()


def test_variation_selectors_do_not_hide_a_state():
    for glyph in ("⚠", "⚠\ufe0f", "✔\ufe0f"):
        assert read(f"## Tasks\n\n### 1. A {glyph}\n").tasks[0].glyph == glyph
