"""What waits for what: cycles refused with their path, under any number of hands."""

import asyncio
from typing import Any

from domains.plans.conftest import Workspace


async def tasks(work: Workspace, *titles: str) -> dict[str, str]:
    return {title: (await work.post("P/tasks", {"title": title}))["id"] for title in titles}


async def wait(work: Workspace, blocked: str, blocker: str, **more: Any) -> Any:
    body = {"blocker_id": blocker, **more}
    return await work.call("POST", f"tasks/{blocked}/dependencies", json=body)


async def test_a_cycle_is_refused_with_its_path(work: Workspace) -> None:
    ids = await tasks(work, "A", "B", "C")
    assert (await wait(work, ids["B"], ids["A"])).status_code == 201
    assert (await wait(work, ids["C"], ids["B"])).status_code == 201
    refused = await wait(work, ids["A"], ids["C"])
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "dependency_cycle")
    assert problem["path"] == [ids["A"], ids["B"], ids["C"], ids["A"]]
    assert problem["labels"] == ["A", "B", "C", "A"]
    related = await wait(work, ids["A"], ids["C"], type="relates")
    assert related.status_code == 201


async def test_self_twins_and_strangers(work: Workspace) -> None:
    ids = await tasks(work, "A", "B")
    assert (await wait(work, ids["A"], ids["A"])).status_code == 422
    assert (await wait(work, ids["A"], work.plan_id)).status_code == 422
    assert (await wait(work, work.plan_id, ids["A"])).status_code == 404
    assert (await wait(work, ids["B"], ids["A"])).status_code == 201
    twin = await wait(work, ids["B"], ids["A"])
    assert (twin.status_code, twin.json()["code"]) == (409, "dependency_exists")
    mine = work.plan_id
    await work.new_plan()
    other = await tasks(work, "Elsewhere")
    work.plan_id = mine
    assert (await wait(work, ids["B"], other["Elsewhere"])).status_code == 422


async def test_two_hands_cannot_close_a_cycle_between_them(work: Workspace) -> None:
    for _ in range(10):
        ids = await tasks(work, "A", "B")
        answers = await asyncio.gather(wait(work, ids["A"], ids["B"]), wait(work, ids["B"], ids["A"]))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert refused.json()["code"] == "dependency_cycle", "not a deadlock that the database broke"


async def test_an_edge_made_by_api_counts_on_every_basis(sample_plan: Workspace) -> None:
    two, four = await sample_plan.task("2"), await sample_plan.task("4")
    edge = (await wait(sample_plan, two["id"], four["id"])).json()
    assert edge["code"] == "dependency_cycle", "the graph draws 2 before 4"
    new = await sample_plan.post("P/tasks", {"title": "Before all"})
    edge = (await wait(sample_plan, two["id"], new["id"])).json()
    ready = await sample_plan.get("P/ready", params={"basis": "prose"})
    assert {task["title"] for task in ready["items"]} == {"Before all", "Migrate to Ruff Tooling"}
    match = {"If-Match": f'"{edge["version"]}"'}
    assert (await sample_plan.call("DELETE", f"dependencies/{edge['id']}")).status_code == 428
    await sample_plan.call("DELETE", f"dependencies/{edge['id']}", headers=match, expect=204)
    ready = await sample_plan.get("P/ready", params={"basis": "prose"})
    assert "2" in {task["number"] for task in ready["items"]}


async def test_what_the_document_states_is_listed_and_kept(sample_plan: Workspace) -> None:
    edges = (await sample_plan.get("P/dependencies"))["items"]
    assert sorted(edge["origin"] for edge in edges) == ["graph", "graph", "graph", "prose", "prose"]
    stated = next(edge for edge in edges if edge["origin"] == "prose")
    match = {"If-Match": f'"{stated["version"]}"'}
    refused = await sample_plan.call("DELETE", f"dependencies/{stated['id']}", headers=match)
    assert (refused.status_code, refused.json()["code"]) == (409, "dependency_stated")
    five = await sample_plan.task("5")
    listed = (await sample_plan.get(f"tasks/{five['id']}/dependencies"))["items"]
    assert {edge["origin"] for edge in listed} == {"graph", "prose"}


async def test_a_cycle_in_the_document_is_a_finding_not_a_failure(work: Workspace) -> None:
    await work.take_in(
        "# Plan - Round\n\n#### 1. Alpha\n\n**Dependencies**: Task 2\n\n#### 2. Beta\n\n**Dependencies**: Task 1\n"
    )
    codes = [finding["code"] for finding in (await work.get("P/findings"))["items"]]
    assert "graph.cycle" in codes
    path = await work.call("GET", "P/critical-path")
    assert (path.status_code, path.json()["code"]) == (409, "graph_cycle")
    assert (await work.get("P/ready"))["items"] == []
    assert (await work.call("GET", "P/graph.svg")).status_code == 200
