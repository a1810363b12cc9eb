"""Findings waived, the graph in its forms, impact."""

import xml.etree.ElementTree as ET

import pytest

from domains.plans.conftest import Workspace


async def test_a_waived_finding_is_shown_with_its_reason(sample_plan: Workspace) -> None:
    finding = (await sample_plan.get("P/findings", params={"code": "task.boxes"}))["items"][0]
    path = f"P/findings/{finding['id']}/waiver"
    assert (await sample_plan.call("POST", path, json={})).status_code == 422
    await sample_plan.post(path, {"reason": "The last two boxes are for later"}, expect=200)
    waived = (await sample_plan.get("P/findings", params={"waived": "true"}))["items"]
    assert [(each["id"], each["waived_reason"]) for each in waived] == [
        (finding["id"], "The last two boxes are for later")
    ]
    assert waived[0]["waived_by"] == sample_plan.person.user_id
    await sample_plan.call("DELETE", path, expect=204)
    assert (await sample_plan.call("DELETE", path)).status_code == 404
    assert (
        await sample_plan.call("POST", f"P/findings/{sample_plan.plan_id}/waiver", json={"reason": "x"})
    ).status_code == 404


async def test_findings_follow_the_data(sample_plan: Workspace) -> None:
    one = await sample_plan.get(f"tasks/{(await sample_plan.task('1'))['id']}")
    open_boxes = [{"id": item["id"], "done": True} for item in one["checklist"] if not item["done"]]
    await sample_plan.change(f"tasks/{one['id']}", {"checklist": open_boxes, "stated_percent": 100})
    codes = {finding["code"] for finding in (await sample_plan.get("P/findings"))["items"]}
    assert not codes & {"task.boxes", "task.percent"}
    await sample_plan.move("2", "completed")
    blocked = [f for f in (await sample_plan.get("P/findings"))["items"] if f["code"] == "blocked.none"]
    assert "5" in blocked[0]["message"]
    assert "3" not in blocked[0]["message"]


@pytest.mark.parametrize(
    ("accept", "suffix", "kind", "start"),
    [
        ("*/*", "", "application/json", "{"),
        ("text/vnd.mermaid", "", "text/vnd.mermaid", "graph TD"),
        ("image/svg+xml, */*;q=0.1", "", "image/svg+xml", "<svg"),
        ("text/vnd.graphviz", "", "text/vnd.graphviz", "digraph"),
        ("application/json", ".mmd", "text/vnd.mermaid", "graph TD"),
        ("*/*", ".dot", "text/vnd.graphviz", "digraph"),
        ("*/*", ".svg", "image/svg+xml", "<svg"),
        ("*/*", ".json", "application/json", "{"),
    ],
)
async def test_the_graph_in_the_form_asked_for(
    sample_plan: Workspace, accept: str, suffix: str, kind: str, start: str
) -> None:
    answer = await sample_plan.call("GET", f"P/graph{suffix}", headers={"Accept": accept}, expect=200)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.text.startswith(start)
    if kind == "image/svg+xml":
        ET.fromstring(answer.text)  # noqa: S314 - our own picture
    same = {"Accept": accept, "If-None-Match": answer.headers["etag"]}
    assert (await sample_plan.call("GET", f"P/graph{suffix}", headers=same)).status_code == 304


async def test_a_form_that_is_not_to_be_had(sample_plan: Workspace) -> None:
    answer = await sample_plan.call("GET", "P/graph", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


async def test_graph_edges_name_their_sources(sample_plan: Workspace) -> None:
    graph = await sample_plan.get("P/graph")
    by_key = {node["key"]: node for node in graph["nodes"]}
    edges = {
        (by_key[e["blocker"]]["number"], by_key[e["blocked"]]["number"]): sorted(e["origins"])
        for e in graph["edges"]
    }
    assert edges["2", "3"] == ["graph", "prose"]
    assert edges["2", "4"] == ["graph"]
    prose = await sample_plan.get("P/graph", params={"basis": "prose"})
    assert len(prose["edges"]) == 2


async def test_impact(sample_plan: Workspace) -> None:
    two = await sample_plan.task("2")
    impact = await sample_plan.get(f"tasks/{two['id']}/impact")
    assert {task["number"] for task in impact["unblocks"]} == {"3", "4"}
    assert {task["number"] for task in impact["downstream"]} == {"3", "4", "5"}
    assert (impact["effort_min"], impact["effort_max"]) == (540, 780)
