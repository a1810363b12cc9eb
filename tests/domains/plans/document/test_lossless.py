"""Any text comes back byte for byte, and its analysis never fails."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedplate.domains.plans.document import findings, parse
from bedplate.domains.plans.document.analysis.drawing import dot, mermaid
from bedplate.domains.plans.document.analysis.graph import graph_of
from bedplate.domains.plans.document.analysis.readiness import ready
from bedplate.domains.plans.document.errors import DocumentNotUtf8
from bedplate.domains.plans.document.lines import split
from bedplate.domains.plans.document.writing.changes import Update, changes
from bedplate.domains.plans.document.writing.compose import compose
from bedplate.domains.plans.document.writing.writer import export, render

ODD = [
    "\r\n",
    "\r",
    "\n",
    "\ufeff",
    "\0",
    "\u2028",
    "\u2029",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\ufe0f",
    "\t",
    "  ",
]
PLAN_LIKE = [
    "# Tasks - Plan", "## Active Tasks", "### 1. Do ⚠️ PENDING", "#### ✅ Done (2025-01-25)", "## Phase 2: Later",
    "- [ ] open", "- [x] done", "  - [~] nested", "* plain", "1. **T**: text", "2) two", "**Priority**: High  ",
    "**Status:** 50% Complete", "**Dependencies**: Task 1, 2", "**Blocking**: all", "## Decision Log",
    "## Lessons Learned", "## Risks", "- **High Risk**: x", "## Blocked Tasks", "None currently.",
    "### Success Criteria", "- [ ] coverage >80% (currently 19%)", "```mermaid", "graph TD", "A[One] --> B",
    "B --> A", "```", "~~~", "| Task | Status |", "|---|---|", "| a | ✅ done |", "> - [ ] quoted", "---", "===",
    "Title", "<div>", "    code", "## Time Tracking", "- **Remaining Estimate**: 2-3h", "## Standup",
    "### What blockers exist?", "", "",
]  # fmt: skip

odd_text = st.lists(
    st.one_of(st.sampled_from(ODD), st.sampled_from(PLAN_LIKE), st.text(max_size=8)), max_size=40
)
plan_like = st.lists(
    st.tuples(st.sampled_from(PLAN_LIKE), st.sampled_from(["\n", "\r\n", "\r", "\n\n"])), max_size=40
)
documents = st.one_of(
    odd_text.map("".join), plan_like.map(lambda lines: "".join(text + ending for text, ending in lines))
)


@given(documents)
@settings(max_examples=300, deadline=None)
def test_any_text_round_trips_and_can_be_analysed(text):
    data = text.encode()
    document = parse(data)
    assert document.raw == data
    assert b"".join(block.raw for block in document.blocks) == data
    assert render(document, changes(document.content, document.content)) == data
    assert export(document, document.content).data == data
    findings(document.content)
    graph = graph_of(document.content)
    assert set(ready(graph, explain=True).ready) <= set(graph.vertices)
    mermaid(graph)
    dot(graph)


@given(documents)
@settings(max_examples=100, deadline=None)
def test_refs_are_unique_and_places_lie_inside_their_lines(text):
    document = parse(text.encode())
    content = document.content
    refs = [
        entity.ref
        for name in ("tasks", "items", "prose", "facts", "phases")
        for entity in getattr(content, name)
    ]
    assert len(refs) == len(set(refs))
    for entity in (*content.tasks, *content.items, *content.facts, *content.criteria):
        assert 1 <= entity.line <= entity.end_line <= document.report.lines
        assert all(
            place.start <= place.end or place.end_line > place.line for place in entity.places.values()
        )


@given(documents)
@settings(max_examples=100, deadline=None)
def test_what_is_composed_can_be_read_again(text):
    composed = compose(parse(text.encode()).content)
    assert parse(composed).raw == composed


@pytest.mark.parametrize(
    "text", ["", "\n", "\ufeff", "\ufeff# T - N\r\n", "a\rb\r\n\rc", "\0", "- [ ] x\x0cy\u2028z"]
)
def test_odd_texts(text):
    assert parse(text.encode()).raw == text.encode()


def test_blocks_tell_their_spans_and_hashes(document, sample):
    position = 0
    for ordinal, block in enumerate(document.blocks):
        assert (block.ordinal, block.start, block.end) == (ordinal, position, position + len(block.raw))
        assert block.hash == hashlib.sha256(block.raw).hexdigest()
        assert sample[block.start : block.end] == block.raw
        position = block.end
    assert position == len(sample)
    assert document.sha256 == hashlib.sha256(sample).hexdigest()


def test_a_byte_order_mark_and_crlf_do_not_hide_the_plan(document, sample):
    twin = parse(b"\xef\xbb\xbf" + sample.replace(b"\n", b"\r\n"))
    assert twin.content.plan.title == document.content.plan.title
    assert [task.title for task in twin.content.tasks] == [task.title for task in document.content.tasks]
    assert len(findings(twin.content)) == 8


def test_a_form_feed_or_line_separator_ends_no_line():
    document = parse("## Tasks\n\n- [ ] one\x0ctwo\u2028three\n".encode())
    assert [task.title for task in document.content.tasks] == ["one\x0ctwo\u2028three"]


def test_not_utf8_tells_the_byte(sample):
    with pytest.raises(DocumentNotUtf8) as caught:
        parse(sample[:100] + b"\xff" + sample[100:])
    assert caught.value.offset == 100


@given(documents, st.sampled_from(["in_progress", "completed", "deferred"]), st.integers(0, 50))
@settings(max_examples=200, deadline=None)
def test_a_change_of_state_touches_only_the_lines_that_state_it(text, state, position):
    document = parse(text.encode())
    if not document.content.tasks:
        return
    task = document.content.tasks[position % len(document.content.tasks)]
    made = render(document, [Update(task.ref, {"state": state})])
    before, after = split(text), split(made.decode())
    names = {"state", "status", "marker", "cell", "title"}
    stating = {place.line for name, place in task.places.items() if name in names}
    assert len(before) == len(after)
    changed = {number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]}
    assert changed <= stating
