"""Phases, decisions, lessons, risks, criteria with their measurements, time and standups."""

import datetime as dt
from typing import Any

import pytest

from domains.plans.conftest import Workspace

NEW: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "phases": ({"ordinal": 7, "name": "Phase 7"}, {"subtitle": "The last"}),
    "decisions": ({"title": "Do it"}, {"body": "Because"}),
    "lessons": ({"title": "Learned"}, {"body": "The hard way"}),
    "risks": ({"level": "high", "text": "Rain"}, {"mitigation": "An umbrella"}),
    "criteria": ({"text": "Coverage"}, {"met": True}),
}


@pytest.mark.parametrize("noun", NEW)
async def test_every_record_is_made_read_changed_and_removed(work: Workspace, noun: str) -> None:
    body, change = NEW[noun]
    made = await work.post(f"P/{noun}", body)
    path = f"{noun}/{made['id']}"
    assert await work.get(path) == made
    assert (await work.call("PATCH", path, json=change)).status_code == 428
    changed = await work.change(path, change)
    assert changed == {**made, **change, "version": 2, "updated_at": changed["updated_at"]}
    assert (await work.call("PATCH", path, json=change, headers={"If-Match": '"1"'})).status_code == 412
    assert (await work.call("POST", f"P/{noun}", json={**body, "colour": "red"})).status_code == 422
    assert [row["id"] for row in (await work.get(f"P/{noun}"))["items"]] == [made["id"]]
    await work.call("DELETE", path, headers={"If-Match": '"2"'}, expect=204)
    assert (await work.call("GET", path)).status_code == 404


async def test_the_sample_has_its_records(sample_plan: Workspace) -> None:
    counts = {noun: len((await sample_plan.get(f"P/{noun}"))["items"]) for noun in NEW}
    assert counts == {"phases": 2, "decisions": 3, "lessons": 2, "risks": 3, "criteria": 5}


async def test_two_phases_of_one_ordinal(work: Workspace) -> None:
    await work.post("P/phases", {"ordinal": 1, "name": "Phase 1"})
    refused = await work.call("POST", "P/phases", json={"ordinal": 1, "name": "Again"}, expect=409)
    assert refused.json()["code"] == "phase_exists"


async def test_a_decision_is_replaced(work: Workspace) -> None:
    old = await work.post("P/decisions", {"title": "By hand"})
    new = await work.post(f"decisions/{old['id']}/supersede", {"title": "By machine"})
    assert new["number"] == 2
    replaced = await work.get(f"decisions/{old['id']}")
    assert (replaced["status"], replaced["superseded_by"]) == ("superseded", new["id"])
    listed = await work.get("P/decisions", params={"status": "accepted"})
    assert [row["id"] for row in listed["items"]] == [new["id"]]


async def test_the_newest_measurement_decides(work: Workspace) -> None:
    criterion = await work.post(
        "P/criteria", {"text": "Coverage", "comparison": ">=", "target": 80, "unit": "%"}
    )
    path = f"criteria/{criterion['id']}/measurements"
    await work.post(path, {"value": 85, "source": "build 1", "at": "2026-01-02T00:00:00Z"})
    assert (await work.get(f"criteria/{criterion['id']}"))["met"] is True
    await work.post(path, {"value": 12, "at": "2026-01-01T00:00:00Z"})
    assert (await work.get(f"criteria/{criterion['id']}"))["met"] is True
    await work.post(path, {"value": 79.9})
    after = await work.get(f"criteria/{criterion['id']}")
    assert (after["met"], after["current"]) == (False, 79.9)
    assert [each["value"] for each in (await work.get(path))["items"]] == [79.9, 85, 12]
    assert (await work.call("POST", path, json={"value": "high"})).status_code == 422
    assert (await work.call("POST", path, json={"value": 1, "at": "2026-01-01T00:00:00"})).status_code == 422


async def test_a_phase_of_another_plan_is_refused(work: Workspace) -> None:
    phase = await work.post("P/phases", {"ordinal": 1, "name": "Phase 1"})
    await work.new_plan()
    for noun, body in (("risks", NEW["risks"][0]), ("criteria", NEW["criteria"][0])):
        refused = await work.call("POST", f"P/{noun}", json={**body, "phase_id": phase["id"]}, expect=422)
        assert refused.json()["errors"][0]["pointer"] == "/phase_id"
        made = await work.post(f"P/{noun}", body)
        await work.change(f"{noun}/{made['id']}", {"phase_id": phase["id"]}, expect=422)


async def test_time_is_entered_and_summed(sample_plan: Workspace) -> None:
    two = await sample_plan.task("2")
    phase = (await sample_plan.get("P/phases"))["items"][1]
    entry = await sample_plan.post("P/time-entries", {"minutes": 45, "task_id": two["id"], "note": "Imports"})
    await sample_plan.post("P/time-entries", {"minutes": 15, "phase_id": phase["id"]})
    both = {"minutes": 1, "task_id": two["id"], "phase_id": phase["id"]}
    assert (await sample_plan.call("POST", "P/time-entries", json=both)).status_code == 422
    assert (await sample_plan.call("POST", "P/time-entries", json={"minutes": 0})).status_code == 422
    progress = await sample_plan.get("P/progress")
    assert [each["minutes_spent"] for each in progress["phases"]] == [45, 15, 0]
    assert (await sample_plan.get("P/summary"))["minutes_spent"] == 60
    listed = await sample_plan.get("P/time-entries", params={"task": two["id"]})
    assert [each["id"] for each in listed["items"]] == [entry["id"]]
    await sample_plan.call("DELETE", f"time-entries/{entry['id']}", headers={"If-Match": '"1"'}, expect=204)
    assert (await sample_plan.get("P/summary"))["minutes_spent"] == 15


async def test_progress_and_burndown(sample_plan: Workspace) -> None:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    before = (await sample_plan.get("P/burndown"))["items"]
    assert len(before) == 30
    assert (before[-1]["day"], before[-1]["open_min"], before[-1]["open_max"]) == (today, 780, 1140)
    assert before[0]["open_tasks"] == 0
    await sample_plan.move("2", "completed")
    after = (await sample_plan.get("P/burndown", params={"since": today, "until": today}))["items"]
    assert [(day["open_min"], day["open_max"]) for day in after] == [(540, 780)]
    progress = (await sample_plan.get("P/progress"))["phases"][0]
    assert (progress["name"], progress["tasks"], progress["closed"]) == ("Phase 1", 5, 2)
    assert (await sample_plan.call("GET", "P/burndown?since=2026-01-02&until=2026-01-01")).status_code == 422


async def test_standups_derived_and_said(sample_plan: Workspace) -> None:
    await sample_plan.move("4", "in_progress")
    await sample_plan.move("2", "completed")
    derived = (await sample_plan.get("P/standup"))["items"]
    assert [(item["kind"], item["text"]) for item in derived] == [
        ("done", "Fix Test Suite Configuration and Imports"),
        ("today", "4. Migrate to Ruff Tooling"),
        ("blocker", "5. Update Project Configuration waits for 4. Migrate to Ruff Tooling"),
    ]
    body = {"items": [{"kind": "today", "text": "The tour"}]}
    await sample_plan.call("PUT", "P/standups/2026-02-03", json=body, expect=200)
    body = {"items": [{"kind": "blocker", "text": "No coffee"}]}
    await sample_plan.call("PUT", "P/standups/2026-02-03", json=body, expect=200)
    said = (await sample_plan.get("P/standups/2026-02-03"))["items"]
    assert [(item["text"], item["author_id"]) for item in said] == [("No coffee", sample_plan.person.user_id)]
