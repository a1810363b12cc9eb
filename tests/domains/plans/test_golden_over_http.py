"""The golden facts of the sample document, by the API."""

import hashlib

from domains.plans.conftest import SAMPLE, Workspace


async def test_import_counts_every_box(work: Workspace) -> None:
    result = await work.take_in(SAMPLE.read_bytes())
    assert result["boxes"] == 53
    assert (result["counts"]["items"], result["counts"]["criteria"]) == (48, 5)
    assert result["sha256"] == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    summary = await work.get("P/summary")
    assert (summary["items"], summary["criteria"], summary["tasks"]) == (48, 5, 11)
    plan = await work.get(f"plans/{work.plan_id}")
    assert (plan["title"], plan["document_version"]) == ("FastAPI Enterprise Baseline", "1.0.0")


async def test_findings(sample_plan: Workspace) -> None:
    found = (await sample_plan.get("P/findings"))["items"]
    assert [(each["code"], each["entity"], each["line"]) for each in found] == [
        ("task.boxes", "task:1", 11),
        ("task.percent", "task:1", 20),
        ("dependencies.omit", "task:4", 68),
        ("blocking.omit", "task:4", 69),
        ("blocking.omit", "task:5", 83),
        ("blocked.none", "fact:blocked", 121),
        ("graph.dead-end", "node:d", 136),
        ("estimate.remaining", "fact:remaining-estimate", 155),
    ]
    by_code = {each["code"]: each["message"] for each in found}
    assert "5 of 7" in by_code["task.boxes"]
    assert "80%" in by_code["task.percent"]
    assert "71%" in by_code["task.percent"]
    assert "3 and 5" in by_code["blocked.none"]
    assert "13-19 hours" in by_code["estimate.remaining"]


async def test_ready_by_basis(sample_plan: Workspace) -> None:
    async def ready(basis: str | None) -> set[str]:
        query = {"basis": basis} if basis else {}
        found = await sample_plan.get("P/ready", params=query)
        assert found["next_cursor"] is None
        return {task["number"] for task in found["items"]}

    assert await ready(None) == {"2"}
    assert await ready("both") == {"2"}
    assert await ready("prose") == {"2", "4"}


async def test_what_waits_says_why(sample_plan: Workspace) -> None:
    found = await sample_plan.get("P/ready", params={"explain": "true"})
    waiting = {task["number"] or task["title"]: task for task in found["waiting"]}
    two = await sample_plan.task("2")
    assert [reason["waits_for"] for reason in waiting["3"]["reasons"]] == [two["id"]]
    assert waiting["Caching Layer"]["reasons"][0]["kind"] == "phase"
    assert waiting["1"]["reasons"][0]["kind"] == "state"


async def test_critical_path(sample_plan: Workspace) -> None:
    prose = (await sample_plan.get("P/critical-path", params={"basis": "prose"}))["by_max"]
    assert [task["number"] for task in prose["tasks"]] == ["2", "3"]
    assert (prose["effort_min"], prose["effort_max"]) == (600, 840)
    graph = await sample_plan.get("P/graph")
    assert {node["label"] for node in graph["nodes"] if node["drawn_only"]} == {
        "Service Testing",
        "Phase 1 Complete",
        "Phase 2 Begin",
    }
    five = await sample_plan.task("5")
    to_five = await sample_plan.get("P/critical-path", params={"target": five["id"]})
    assert [task["number"] for task in to_five["by_max"]["tasks"]] == ["2", "4", "5"]
    assert (to_five["by_max"]["effort_min"], to_five["by_max"]["effort_max"]) == (420, 660)


async def test_untouched_export_is_byte_for_byte(sample_plan: Workspace) -> None:
    assert await sample_plan.write_out() == SAMPLE.read_bytes()


async def test_one_changed_state_changes_one_line(sample_plan: Workspace) -> None:
    await sample_plan.move("2", "in_progress")
    before = SAMPLE.read_bytes().split(b"\n")
    after = (await sample_plan.write_out()).split(b"\n")
    assert len(before) == len(after)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [old for old, _ in changed] == [
        "#### 2. Fix Test Suite Configuration and Imports ⚠️ PENDING".encode()
    ]
    assert changed[0][1].decode().startswith("#### 2. Fix Test Suite Configuration and Imports ")
    assert changed[0][1].decode().endswith(" IN PROGRESS")


async def test_blocked(sample_plan: Workspace) -> None:
    found = (await sample_plan.get("P/blocked", params={"basis": "prose"}))["items"]
    two, four = await sample_plan.task("2"), await sample_plan.task("4")
    assert {task["number"]: task["blocked_by"] for task in found} == {"3": [two["id"]], "5": [four["id"]]}
