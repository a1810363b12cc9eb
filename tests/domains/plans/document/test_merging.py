"""Three-way merge: each side's own changes are kept, and what both changed is told."""

import msgspec
import pytest

from bedplate.domains.plans.document import parse
from bedplate.domains.plans.document.entities import Task
from bedplate.domains.plans.document.errors import MergeConflict
from bedplate.domains.plans.document.merging.merge import Create, Delete, Modify, merge
from bedplate.domains.plans.document.merging.pairing import pair
from bedplate.domains.plans.document.writing.changes import Add, Remove, Update
from bedplate.domains.plans.document.writing.writer import render


def edited(sample, *wanted):
    return parse(render(parse(sample), list(wanted))).content


def with_task(content, ref, **values):
    tasks = tuple(
        msgspec.structs.replace(task, **values) if task.ref == ref else task for task in content.tasks
    )
    return msgspec.structs.replace(content, tasks=tasks)


def test_nothing_changed_is_nothing_to_do(document):
    result = merge(document.content, document.content, document.content)
    assert (result.operations, result.conflicts) == ((), ())
    assert result.pairs["task:2"] == "task:2"


def test_what_the_document_changed_is_taken(sample, document):
    theirs = edited(sample, Update("task:2", {"state": "completed"}), Update("task:3", {"priority": "low"}))
    result = merge(document.content, document.content, theirs)
    assert result.operations == (
        Modify(ours="task:2", theirs="task:2", values={"state": "completed"}),
        Modify(ours="task:3", theirs="task:3", values={"priority": "low"}),
    )


def test_what_the_data_changed_is_kept(sample, document):
    ours = with_task(document.content, "task:2", state="in_progress")
    theirs = edited(sample, Update("task:2", {"priority": "low"}))
    result = merge(document.content, ours, theirs)
    assert result.operations == (Modify(ours="task:2", theirs="task:2", values={"priority": "low"}),)
    assert result.conflicts == ()


@pytest.mark.parametrize(
    ("on_conflict", "outcome"), [("merge", "ours"), ("ours", "ours"), ("theirs", "theirs")]
)
def test_a_field_that_both_changed_is_a_conflict(sample, document, on_conflict, outcome):
    ours = with_task(document.content, "task:2", state="in_progress")
    theirs = edited(sample, Update("task:2", {"state": "completed"}))
    result = merge(document.content, ours, theirs, on_conflict=on_conflict)
    (conflict,) = result.conflicts
    assert (conflict.field, conflict.base_value, conflict.our_value) == ("state", "pending", "in_progress")
    assert (conflict.their_value, conflict.outcome) == ("completed", outcome)
    assert len(result.operations) == (outcome == "theirs")


def test_fail_refuses(sample, document):
    ours = with_task(document.content, "task:2", state="in_progress")
    theirs = edited(sample, Update("task:2", {"state": "completed"}))
    with pytest.raises(MergeConflict) as caught:
        merge(document.content, ours, theirs, on_conflict="fail")
    assert len(caught.value.conflicts) == 1


def test_the_same_change_on_both_sides_is_no_conflict(sample, document):
    ours = with_task(document.content, "task:2", state="completed")
    theirs = edited(sample, Update("task:2", {"state": "completed"}))
    assert merge(document.content, ours, theirs, on_conflict="fail").operations == ()


def test_bounds_of_an_effort_are_taken_together(sample, document):
    ours = with_task(document.content, "task:2", effort_min=360)
    theirs = edited(sample, Update("task:2", {"effort_max": 300}))
    result = merge(document.content, ours, theirs)
    assert result.operations == ()
    assert {conflict.field for conflict in result.conflicts} == {"effort_min", "effort_max"}


def test_new_and_gone(sample, document):
    theirs = edited(
        sample, Remove("lesson:2"), Add(Task(ref="n", number="6", title="Six", phase="phase:phase-1"))
    )
    result = merge(document.content, document.content, theirs)
    created = [operation.entity.ref for operation in result.operations if isinstance(operation, Create)]
    deleted = [operation.ours for operation in result.operations if isinstance(operation, Delete)]
    assert (created, deleted) == (["task:6"], ["lesson:2"])


def test_gone_there_and_changed_here(sample, document):
    ours = with_task(document.content, "task:4", priority="low")
    theirs = edited(sample, Remove("task:4"))
    kept = merge(document.content, ours, theirs)
    assert Delete("task:4") not in kept.operations
    assert [(conflict.ours, conflict.theirs) for conflict in kept.conflicts if not conflict.field] == [
        ("task:4", None)
    ]
    assert Delete("task:4") in merge(document.content, ours, theirs, on_conflict="theirs").operations


def test_taken_away_here_stays_away_unless_it_changed_there(sample, document):
    ours = msgspec.structs.replace(document.content, lessons=document.content.lessons[:1])
    assert merge(document.content, ours, document.content).operations == ()
    theirs = edited(sample, Update("lesson:2", {"body": "New."}))
    result = merge(document.content, ours, theirs)
    assert result.operations == ()
    assert [conflict.theirs for conflict in result.conflicts] == ["lesson:2"]
    won = merge(document.content, ours, theirs, on_conflict="theirs")
    assert [type(operation) for operation in won.operations] == [Create]


def test_rows_made_by_api_meet_their_lines_on_the_way_back(sample, document):
    row = Task(ref="row:1", number="6", title="Six", phase="phase:phase-1")
    ours = msgspec.structs.replace(document.content, tasks=(*document.content.tasks, row))
    theirs = edited(sample, Add(row))
    result = merge(document.content, ours, theirs)
    assert result.operations == ()
    assert result.pairs["task:6"] == "row:1"


def test_without_a_base_the_document_wins(sample, document):
    ours = with_task(document.content, "task:2", priority="low")
    result = merge(None, ours, document.content)
    assert result.operations == (Modify(ours="task:2", theirs="task:2", values={"priority": "critical"}),)
    assert result.conflicts == ()


def test_renamed_renumbered_moved_and_reworded_are_still_the_same(sample, document):
    text = sample.decode()
    text = text.replace(
        "#### 2. Fix Test Suite Configuration and Imports", "#### 2. Repair every test there is"
    )
    text = text.replace("#### 5. Update Project Configuration", "#### 9. Update Project Configuration")
    text = text.replace("- [ ] Install ruff via uv", "- [x] Install ruff with uv")
    pairs = pair(document.content, parse(text.encode()).content)
    assert pairs["task:2"] == "task:2"
    assert pairs["task:9"] == "task:5"
    assert pairs["task:9/item:1"] == "task:5/item:1"
    assert pairs["task:4/item:1"] == "task:4/item:1"


def test_a_new_first_item_shifts_no_other(sample, document):
    text = sample.decode().replace(
        "- [ ] Install ruff via uv", "- [ ] Read about it\n- [ ] Install ruff via uv"
    )
    theirs = parse(text.encode()).content
    result = merge(document.content, document.content, theirs)
    assert [operation.entity.text for operation in result.operations] == ["Read about it"]
    assert result.pairs["task:4/item:2"] == "task:4/item:1"
