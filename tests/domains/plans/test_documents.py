"""Imports and exports: bad input, merging, dry runs, bytes."""

import asyncio
import hashlib
import uuid

import pytest
from litestar import Litestar

from bedplate.domains.audit import Actor
from bedplate.domains.plans.revisions.importing import ImportService
from bedplate.domains.plans.revisions.store import add_document
from bedplate.domains.plans.service import plan_of
from bedplate.platform.db import Database
from domains.plans.conftest import MARKDOWN, SAMPLE, Workspace

ODD = (
    "\ufeff# Plan - Odd\r\n\r\n## Phase 1\r\n\r\n#### 1. First \u26a0\ufe0f PENDING\r\n\r\n"
    "- [o] half\u2028one\r\n- [x] done  \r\n\f\r\n```\n- [ ] no task\n```\n| a | b |\r\rlast, no end"
).encode()


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "text/markdown; charset=latin-1", ""])
async def test_other_media_types(work: Workspace, kind: str) -> None:
    answer = await work.call("POST", "P/imports", content=b"# Plan", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_what_is_not_utf8_is_refused_with_its_offset(work: Workspace) -> None:
    answer = await work.upload(b"# Plan\n\nab\xffc")
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["offset"]) == (422, "not_utf8", 10)
    assert "10" in problem["errors"][0]["message"]


async def test_size(work: Workspace) -> None:
    whole = b"x" * 2 * 1024 * 1024
    over = await work.upload(whole + b"x")
    assert (over.status_code, over.json()["code"]) == (413, "content_too_large")
    assert (await work.upload(b" \r\n")).json()["code"] == "empty_document"
    assert (await work.take_in(whole))["counts"]["tasks"] == 0


async def test_unknown_choices(work: Workspace) -> None:
    assert (await work.upload("# Plan", "?on_conflict=mine")).status_code == 422
    assert (await work.upload("# Plan", "?dry_run=perhaps")).status_code == 422
    assert (await work.upload("# Plan", "?dryrun=true")).status_code == 422
    assert (await work.call("POST", "P/exports", json={"form": "pdf"})).status_code == 422


@pytest.mark.parametrize("data", [ODD, b"no heading at all", b"# \x00 nul \x00\n- [ ] \x00\n", b"x" * 70_000])
async def test_odd_documents_come_back_byte_for_byte(work: Workspace, data: bytes) -> None:
    result = await work.take_in(data)
    assert result["sha256"] == hashlib.sha256(data).hexdigest()
    assert await work.write_out() == data


async def test_a_dry_run_changes_nothing(work: Workspace) -> None:
    result = await work.take_in(SAMPLE.read_bytes(), "?dry_run=true")
    assert (result["dry_run"], result["boxes"], result["revision"]) == (True, 53, 0)
    assert result["created"] > 90
    assert (await work.get("P/tasks"))["items"] == []
    assert (await work.get("P/documents"))["items"] == []


async def test_importing_twice_changes_nothing_more(sample_plan: Workspace) -> None:
    before = await sample_plan.get("P/tasks")
    again = await sample_plan.take_in(SAMPLE.read_bytes())
    assert (again["created"], again["changed"], again["deleted"]) == (0, 0, 0)
    assert await sample_plan.get("P/tasks") == before
    assert len((await sample_plan.get("P/documents"))["items"]) == 2


async def test_a_reimport_merges(sample_plan: Workspace) -> None:
    """What only one side changed is taken from it; ids stay."""
    two = await sample_plan.move("2", "in_progress")
    edited = SAMPLE.read_bytes().replace(b"Migrate to Ruff Tooling", b"Migrate everything to Ruff")
    edited += b"\n"
    result = await sample_plan.take_in(edited)
    assert (result["changed"], result["deleted"], result["conflict_count"]) == (1, 0, 0)
    assert (await sample_plan.task("2"))["id"] == two["id"]
    assert (await sample_plan.task("2"))["state"] == "in_progress"
    assert (await sample_plan.task("4"))["title"] == "Migrate everything to Ruff"
    assert {task["number"] for task in (await sample_plan.get("P/ready?basis=prose"))["items"]} == {"4"}
    written = await sample_plan.write_out()
    assert written.count(b"\n") == edited.count(b"\n")
    assert b"Migrate everything to Ruff" in written
    assert b"Imports" in written
    assert sum(a != b for a, b in zip(written.split(b"\n"), edited.split(b"\n"), strict=True)) == 1


async def test_conflicts_go_where_they_are_sent(sample_plan: Workspace) -> None:
    await sample_plan.move("2", "in_review")
    edited = SAMPLE.read_bytes().replace(
        "Configuration and Imports ⚠️ PENDING".encode(), "Configuration and Imports ✅ COMPLETED".encode()
    )
    refused = await sample_plan.job(await sample_plan.upload(edited, "?on_conflict=fail"))
    assert refused["state"] == "failed"
    assert "conflict" in refused["error"]
    assert (await sample_plan.task("2"))["state"] == "in_review"
    assert len((await sample_plan.get("P/documents"))["items"]) == 1
    merged = await sample_plan.take_in(edited, "?dry_run=true")
    assert [(c["entity"], c["field"], c["ours"], c["theirs"], c["outcome"]) for c in merged["conflicts"]] == [
        ("task:2", "state", "in_review", "completed", "ours")
    ]
    await sample_plan.take_in(edited, "?on_conflict=theirs")
    assert (await sample_plan.task("2"))["state"] == "completed"


async def test_what_left_the_document_leaves_the_plan(sample_plan: Workspace) -> None:
    text = SAMPLE.read_text("utf-8")
    start, end = text.index("#### 5. "), text.index("## ", text.index("#### 5. ") + 8)
    result = await sample_plan.take_in(text[:start] + text[end:])
    assert result["deleted"] > 5
    assert (await sample_plan.get("P/tasks", params={"number": "5"}))["items"] == []


async def test_what_was_made_by_api_is_written_out_and_read_back(sample_plan: Workspace) -> None:
    phase = (await sample_plan.get("P/phases"))["items"][0]
    made = await sample_plan.post(
        "P/tasks",
        {"title": "Write the tour", "number": "6", "phase_id": phase["id"], "checklist": [{"text": "Draft"}]},
    )
    await sample_plan.post("P/decisions", {"title": "Keep it short", "body": "Nobody reads long ones."})
    written = await sample_plan.write_out()
    assert b"6. Write the tour" in written
    assert b"- [ ] Draft" in written
    assert b"Keep it short" in written
    again = await sample_plan.take_in(written)
    assert (again["created"], again["changed"], again["deleted"]) == (0, 0, 0)
    assert (await sample_plan.task("6"))["id"] == made["id"]
    assert await sample_plan.write_out() == written


async def test_a_plan_without_a_document_is_composed(work: Workspace) -> None:
    await work.post("P/tasks", {"title": "First", "number": "1", "priority": "high"})
    written = await work.write_out()
    assert b"1. First" in written
    result = await work.take_in(written)
    assert (result["created"], result["changed"], result["deleted"]) == (0, 0, 0)


async def test_nothing_changed_is_no_new_revision(sample_plan: Workspace) -> None:
    await sample_plan.write_out()
    assert [d["revision"] for d in (await sample_plan.get("P/documents"))["items"]] == [1]
    await sample_plan.move("2", "in_progress")
    await sample_plan.write_out()
    listed = (await sample_plan.get("P/documents"))["items"]
    assert [(d["revision"], d["origin"]) for d in listed] == [(2, "export"), (1, "import")]
    raw = await sample_plan.call("GET", f"documents/{listed[1]['id']}/raw", expect=200)
    assert raw.content == SAMPLE.read_bytes()
    assert raw.headers["content-type"].startswith("text/markdown")
    kept = {"If-None-Match": raw.headers["etag"]}
    assert (
        await sample_plan.call("GET", f"documents/{listed[1]['id']}/raw", headers=kept)
    ).status_code == 304


async def test_a_ticked_box_changes_its_line_alone(sample_plan: Workspace) -> None:
    task = await sample_plan.get(f"tasks/{(await sample_plan.task('2'))['id']}")
    box = task["checklist"][0]
    await sample_plan.change(f"tasks/{task['id']}", {"checklist": [{"id": box["id"], "done": True}]})
    before, after = SAMPLE.read_bytes().split(b"\n"), (await sample_plan.write_out()).split(b"\n")
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) == 1
    assert changed[0][1] == changed[0][0].replace(b"[ ]", b"[x]")


async def test_imports_at_the_same_time_come_one_after_another(app: Litestar, work: Workspace) -> None:
    database: Database = app.state.database
    plan_id, actor = uuid.UUID(work.plan_id), Actor(user_id=uuid.UUID(work.person.user_id))

    async def take_in() -> int:
        async with database.transaction() as session:
            plan = await plan_of(session, plan_id)
            assert plan is not None
            document_id = await add_document(session, plan, SAMPLE.read_bytes(), "import", actor.user_id)
        async with database.transaction() as session:
            result = await ImportService(session).run(
                plan_id, document_id, "merge", dry_run=False, actor=actor
            )
            return result.revision

    assert sorted(await asyncio.gather(*(take_in() for _ in range(4)))) == [1, 2, 3, 4]
    assert len((await work.get("P/tasks", params={"limit": 200}))["items"]) == 11


async def test_an_attempt_whose_end_was_lost_changes_nothing_more(
    app: Litestar, sample_plan: Workspace
) -> None:
    document = (await sample_plan.get("P/documents"))["items"][0]
    before = await sample_plan.get("P/tasks")
    payload = {"plan_id": sample_plan.plan_id, "document_id": document["id"]}
    answer = await sample_plan.call("POST", "jobs", json={"type": "plans.import", "payload": payload})
    job = await sample_plan.job(answer)
    assert (job["state"], job["result"]["revision"], job["result"]["boxes"]) == ("succeeded", 1, 53)
    assert await sample_plan.get("P/tasks") == before
    assert (await sample_plan.get("P/documents"))["items"] == [document]


async def test_a_row_that_stands_in_no_document_is_mistaken_for_no_other(work: Workspace) -> None:
    """Both titles begin alike, so that the document calls each the same when it has it alone."""
    start = "A title that goes on for more than forty-eight letters, "
    first, second = start + "about whales", start + "0123456789" * 12
    await work.take_in(f"# Plan - P\n\n- [ ] {first}\n")
    [task] = (await work.get("P/tasks"))["items"]
    await work.change(f"tasks/{task['id']}", {"title": f"{first} and dolphins"})
    await work.take_in(f"# Plan - P\n\n- [ ] {second}\n")
    assert {task["title"] for task in (await work.get("P/tasks"))["items"]} == {
        f"{first} and dolphins",
        second,
    }
    ready = (await work.get("P/ready"))["items"]
    assert {task["title"] for task in ready} == {f"{first} and dolphins", second}


async def test_a_job_type_of_its_own_is_held_to_rights(sample_plan: Workspace, work: Workspace) -> None:
    document = (await sample_plan.get("P/documents"))["items"][0]["id"]
    foreign = {"plan_id": "0199a206-0000-7000-8000-000000000000", "document_id": document}
    body = {"type": "plans.import", "payload": foreign}
    assert (await work.call("POST", "jobs", json=body)).status_code == 404


async def test_the_standup_of_the_document_is_kept(sample_plan: Workspace) -> None:
    said = await sample_plan.get("P/standups/2025-01-25")
    assert [item["kind"] for item in said["items"]] == ["done", "done", "today", "today"]
    assert MARKDOWN["Content-Type"] == "text/markdown"
