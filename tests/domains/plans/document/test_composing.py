"""A plan that never had a document gets one that reads back as the same plan."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from bedplate.domains.plans.document import parse
from bedplate.domains.plans.document.entities import Content, Item, Link, Phase, Plan, Task
from bedplate.domains.plans.document.merging.merge import merge
from bedplate.domains.plans.document.writing.compose import compose

STATES = ["pending", "in_progress", "in_review", "completed", "deferred", "cancelled"]
words = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "server", "token", "queue"]), min_size=1, max_size=4
)


@st.composite
def plans(draw):
    phases = tuple(
        Phase(
            ref=f"p{n}", ordinal=n, name=f"Phase {n}", subtitle=draw(st.sampled_from([None, "Base", "Edge"]))
        )
        for n in range(1, draw(st.integers(0, 3)) + 1)
    )
    tasks = tuple(
        Task(
            ref=f"t{n}",
            number=str(n),
            title=" ".join(draw(words)),
            state=draw(st.sampled_from(STATES)),
            priority=draw(st.sampled_from(["critical", "high", "medium", "low", "none"])),
            phase=draw(st.sampled_from([None, *(phase.ref for phase in phases)])),
            effort_min=draw(st.sampled_from([None, 30, 60, 480])),
        )
        for n in range(1, draw(st.integers(0, 6)) + 1)
    )
    tasks = tuple(
        Task(
            **{name: getattr(task, name) for name in task.__struct_fields__ if name != "effort_max"},
            effort_max=task.effort_min,
        )
        for task in tasks
    )
    items = tuple(
        Item(ref=f"{task.ref}i{n}", task=task.ref, text=" ".join(draw(words)), done=draw(st.booleans()))
        for task in tasks
        for n in range(draw(st.integers(0, 2)))
    )
    return Content(plan=Plan(ref="plan", title="Made"), phases=phases, tasks=tasks, items=items)


@given(plans())
@settings(max_examples=100, deadline=None)
def test_composed_plans_read_back(content):
    document = parse(compose(content))
    merged = merge(None, content, document.content, groups={"phases", "tasks", "items"})
    assert merged.operations == ()
    assert document.report.unread_lines == 0


def test_the_sample_composed_says_the_same(document):
    again = parse(compose(document.content)).content
    assert merge(document.content, document.content, again).operations == ()


def test_links_made_by_api_are_written_as_dependencies():
    tasks = (
        Task(ref="a", number="1", title="One"),
        Task(ref="b", number="2", title="Two", completed_on=date(2026, 1, 2), parent="a"),
    )
    content = Content(plan=Plan(ref="plan", title="T"), tasks=tasks, links=(Link(blocker="a", blocked="b"),))
    again = parse(compose(content)).content
    assert [(prose.task, prose.target) for prose in again.prose] == [("task:2", "task:1")]
    assert again.tasks[1].parent == "task:1"


def test_text_cannot_break_out_of_its_line():
    content = Content(plan=Plan(ref="plan", title="T\n# U"), tasks=(Task(ref="a", title="x\r\n- [ ] y\0"),))
    assert [task.title for task in parse(compose(content)).content.tasks] == ["x - [ ] y"]
