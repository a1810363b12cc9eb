"""A change rewrites the line or list item of its entity, and nothing else."""

from difflib import unified_diff

import msgspec
import pytest

from bedplate.domains.plans.document import findings, parse
from bedplate.domains.plans.document.entities import (
    Criterion,
    Decision,
    Deferral,
    Item,
    Lesson,
    Note,
    Phase,
    Risk,
    Standup,
    Task,
)
from bedplate.domains.plans.document.writing.changes import Add, Remove, Update, changes
from bedplate.domains.plans.document.writing.writer import export, render, rendering


def difference(data, *wanted):
    """The removed and added lines of a rendering, which must also read back."""
    document = parse(data if isinstance(data, bytes) else data.encode())
    made = rendering(document, list(wanted))
    assert parse(made.data).raw == made.data
    lines = unified_diff(document.raw.decode().split("\n"), made.data.decode().split("\n"), lineterm="", n=0)
    shown = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    assert made.unwritten == ()
    return shown


def test_a_state_changes_its_heading_alone(sample):
    assert difference(sample, Update("task:2", {"state": "in_progress"})) == [
        "-#### 2. Fix Test Suite Configuration and Imports ⚠️ PENDING",
        "+#### 2. Fix Test Suite Configuration and Imports 🔄 IN PROGRESS",
    ]


def test_a_state_is_written_as_the_document_writes_it(sample):
    assert difference(sample, Update("task:2", {"state": "completed"}))[1].endswith("Imports ✅ COMPLETED")
    assert difference(sample, Update("task:1", {"state": "pending"}))[1].endswith("Structure ⚠️ PENDING")


@pytest.mark.parametrize(
    "state", ["pending", "in_progress", "in_review", "completed", "deferred", "cancelled"]
)
def test_every_written_state_is_read_back(sample, state):
    for ref in ("task:2", "task:documentation-foundation", "task:caching-layer"):
        document = parse(render(parse(sample), [Update(ref, {"state": state})]))
        assert next(task for task in document.content.tasks if task.ref == ref).state == state


def test_there_and_back_gives_the_bytes_of_before(sample):
    once = render(parse(sample), [Update("task:2", {"state": "in_progress"})])
    assert render(parse(once), [Update("task:2", {"state": "pending"})]) == sample


def test_a_box_changes_its_line_alone(sample):
    assert difference(sample, Update("task:2/item:3", {"done": True})) == [
        "-- [ ] Update pytest configuration in pyproject.toml",
        "+- [x] Update pytest configuration in pyproject.toml",
    ]


def test_fields(sample):
    wanted = Update("task:3", {"priority": "low", "effort_min": 60, "effort_max": 90, "title": "New\ntitle"})
    assert difference(sample, wanted) == [
        "-#### 3. Complete Core Service Implementations ⚠️ PENDING",
        "-**Priority**: High  ",
        "-**Estimated Effort**: 6-8 hours",
        "+#### 3. New title ⚠️ PENDING",
        "+**Priority**: Low  ",
        "+**Estimated Effort**: 60-90 minutes",
    ]


def test_a_field_that_was_not_there_and_one_taken_away(sample):
    assert difference(sample, Update("task:2", {"next_step": "Look"})) == ["+**Next Step**: Look  "]
    assert difference(sample, Update("task:1", {"next_step": None})) == [
        "-**Next Step**: Create actions.md and lessons.md"
    ]
    assert difference(sample, Update("task:1", {"stated_percent": 71})) == [
        "-**Status**: 80% Complete  ",
        "+**Status**: 71% Complete  ",
    ]


def test_plan_phase_records_and_criteria(sample):
    wanted = (
        Update("plan", {"document_version": "1.1.0", "title": "Bedplate"}),
        Update("phase:phase-2", {"start_text": "Soon"}),
        Update("decision:2", {"title": "T", "body": "B"}),
        Update("criterion:2", {"met": True}),
        Update("risk:1", {"text": "R"}),
    )
    assert [line for line in difference(sample, *wanted) if line.startswith("+")] == [
        "+# Task Tracking - Bedplate",
        "+**Document Version**: 1.1.0  ",
        "+**Start Date**: Soon  ",
        "+- [x] Service layer coverage >80% (currently 19%)",
        "+- **High Risk**: R",
        "+2. **T**: B",
    ]


def test_a_status_line_and_a_heading_change_together():
    text = "## Tasks\n\n### 1. A ⏳ Pending\n**Status**: Pending\n"
    assert difference(text, Update("task:1", {"state": "completed"})) == [
        "-### 1. A ⏳ Pending", "-**Status**: Pending", "+### 1. A ✅ Completed", "+**Status**: Completed",
    ]  # fmt: skip


def test_the_status_line_alone_where_it_alone_states():
    text = "## Tasks\n\n### 1. A\n**Status**: in progress\n"
    assert difference(text, Update("task:1", {"state": "completed"}))[1:] == ["+**Status**: completed"]


def test_boxes_and_tables():
    boxes = "# N\n\n- [ ] one\n- [X] two\n"
    assert difference(boxes, Update("task:one", {"state": "completed"})) == ["-- [ ] one", "+- [X] one"]
    table = "| Task | Status |\n|---|---|\n| a | ✅ Done |\n| b | Open |\n"
    assert difference(table, Update("task:b", {"state": "completed"})) == [
        "-| b | Open |",
        "+| b | ✅ Done |",
    ]
    assert difference(table, Add(Task(ref="n", title="c|d"))) == [r"+| c\|d | Pending |"]


def test_additions_stand_with_their_like(sample):
    wanted = (
        Add(Task(ref="new:1", number="6", title="Six", phase="phase:phase-1", priority="high")),
        Add(Task(ref="new:2", number="7", title="Seven", phase="phase:phase-1")),
        Add(Item(ref="new:3", task="task:2", text="more", done=True)),
        Add(Item(ref="new:4", task="new:1", text="of six")),
        Add(Item(ref="new:5", task="new:2", text="of seven")),
        Add(Decision(ref="new:6", title="T", body="B")),
        Add(Lesson(ref="new:7", title="L", body="M")),
        Add(Risk(ref="new:8", level="low", text="R")),
        Add(Criterion(ref="new:9", text="C")),
        Add(Standup(ref="new:10", kind="today", text="S")),
        Add(Note(ref="new:11", task="task:documentation-foundation", text="N")),
        Add(Deferral(ref="new:12", task="task:5", decision="Later")),
        Add(
            Task(
                ref="new:13",
                title="Eight",
                parent="task:enterprise-features-implementation",
                phase="phase:phase-2",
            )
        ),
    )
    before, made = parse(sample).content, parse(render(parse(sample), list(wanted))).content
    tasks = {task.title: task for task in made.tasks}
    assert [task.title for task in made.tasks][4:7] == ["Update Project Configuration", "Six", "Seven"]
    assert (tasks["Six"].priority, tasks["Six"].word, tasks["Six"].phase) == (
        "high",
        "PENDING",
        "phase:phase-1",
    )
    assert tasks["Eight"].parent == "task:enterprise-features-implementation"
    texts = {item.text: item for item in made.items}
    assert (texts["of six"].task, texts["of seven"].task, texts["more"].done) == ("task:6", "task:7", True)
    assert [(d.number, d.title, d.body) for d in made.decisions][3:] == [(4, "T", "B")]
    assert [(lesson.number, lesson.title) for lesson in made.lessons][2:] == [(3, "L")]
    assert (made.risks[-1].text, made.criteria[-1].text, made.notes[-1].text) == ("R", "C", "N")
    assert made.standups[-1].text == "S"
    assert {d.task: d.decision for d in made.deferrals}["task:5"] == "Later"
    assert len(made.items) == len(before.items) + 3


def test_additions_to_a_document_that_has_none_of_the_kind():
    wanted = [
        Add(Phase(ref="p", ordinal=1, name="Phase 1", subtitle="Begin")),
        Add(Task(ref="t", title="Do", phase="p")),
        Add(Item(ref="i", task="t", text="part")),
        Add(Decision(ref="d", title="D", body="E")),
        Add(Decision(ref="e", title="F", body="G")),
    ]
    content = parse(render(parse(b"# K - N"), wanted)).content
    assert [(phase.name, phase.subtitle) for phase in content.phases] == [("Phase 1", "Begin")]
    assert [(task.title, task.phase) for task in content.tasks] == [("Do", "phase:phase-1")]
    assert [(item.task, item.text) for item in content.items] == [("task:do", "part")]
    assert [decision.title for decision in content.decisions] == ["D", "F"]


def test_removal_takes_only_its_lines(sample):
    assert difference(sample, Remove("task:2/item:1")) == ["-- [ ] Analyze failing tests (138/138 failing)"]
    removed = difference(sample, Remove("task:4"))
    assert (len(removed), {line[0] for line in removed}) == (16, {"-"})
    assert difference(sample, Remove("lesson:1"))[0].startswith("-1. **Documentation Value**")


def test_line_ends_of_the_document_are_used(sample):
    windows = sample.replace(b"\n", b"\r\n")
    made = render(parse(windows), [Add(Item(ref="n", task="task:2", text="more"))])
    assert made.replace(b"- [ ] more\r\n", b"") == windows
    last = render(parse(b"# N\n\n- [ ] a"), [Add(Task(ref="n", title="b"))])
    assert last == b"# N\n\n- [ ] a\n- [ ] b"


def test_what_has_no_place_is_reported_and_written_nowhere(sample):
    made = rendering(
        parse(sample), [Update("item:none", {"done": True}), Update("phase:phase-1", {"state": "completed"})]
    )
    assert made.data == sample
    assert made.unwritten == (("item:none", ""), ("phase:phase-1", "state"))


def test_export_writes_the_difference_and_leaves_unknown_groups(sample, document):
    tasks = tuple(
        msgspec.structs.replace(task, state="in_progress") if task.ref == "task:2" else task
        for task in document.content.tasks
    )
    current = msgspec.structs.replace(document.content, tasks=tasks, notes=(), standups=())
    wanted = changes(document.content, current, groups={"tasks", "items"})
    assert wanted == [Update("task:2", {"state": "in_progress"})]
    made = export(document, current, groups={"tasks", "items"}).data
    assert len(findings(parse(made).content)) == 8


def test_a_new_task_does_not_come_between_an_epic_and_its_children(sample):
    wanted = [Add(Task(ref="n", title="After the epic", phase="phase:phase-2"))]
    content = parse(render(parse(sample), wanted)).content
    tasks = [task.title for task in content.tasks]
    assert tasks[6:11] == [
        "Enterprise Features Implementation",
        "Rate Limiting Implementation",
        "Caching Layer",
        "Monitoring Integration",
        "After the epic",
    ]
    assert content.tasks[10].parent is None


def test_a_text_of_several_paragraphs_is_not_overwritten():
    one = "# Lessons\n\n## First\n\nOnly this.\n"
    assert difference(one, Update("lesson:first", {"body": "Now that."})) == ["-Only this.", "+Now that."]
    several = parse((one + "\n- and this\n\nAnd that.\n").encode())
    made = rendering(several, [Update("lesson:first", {"body": "Gone"})])
    assert (made.data, made.unwritten) == (several.raw, (("lesson:first", "body"),))


def test_a_record_without_text_gets_its_colon():
    for stated in ("**T**", "**T**:", "**T:**", "T"):
        made = render(parse(f"# Decisions\n\n1. {stated}\n".encode()), [Update("decision:1", {"body": "B"})])
        (decision,) = parse(made).content.decisions
        assert (decision.title, decision.body) == ("T", "B")
