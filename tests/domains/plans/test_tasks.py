"""Tasks: fields, states, checklists, lists."""

from typing import Any

import pytest

from domains.plans.conftest import Workspace


async def new_task(work: Workspace, **fields: Any) -> Any:
    return await work.post("P/tasks", {"title": "A task", **fields})


async def test_a_task_with_its_checklist(work: Workspace) -> None:
    task = await new_task(work, priority="high", effort_min=60, effort_max=120, checklist=[{"text": "One"}])
    assert (task["state"], task["items_total"], task["number"]) == ("pending", 1, None)
    read = await work.call("GET", f"tasks/{task['id']}", expect=200)
    assert read.json() == task
    assert read.headers["etag"] == f'"{task["version"]}"'


async def test_patch_needs_the_version_that_was_read(work: Workspace) -> None:
    task = await new_task(work)
    path = f"tasks/{task['id']}"
    assert (await work.call("PATCH", path, json={"title": "B"})).status_code == 428
    stale = await work.call("PATCH", path, json={"title": "B"}, headers={"If-Match": '"99"'})
    assert (stale.status_code, stale.headers["etag"]) == (412, f'"{task["version"]}"')
    weak = await work.call("PATCH", path, json={"title": "B"}, headers={"If-Match": f'W/"{task["version"]}"'})
    assert weak.status_code == 412
    changed = await work.change(path, {"title": "B", "priority": "low", "assignee": "owner"})
    assert (changed["title"], changed["priority"], changed["version"]) == ("B", "low", task["version"] + 1)


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": " \t"},
        {"title": "a\n"},
        {"title": "a\rb"},
        {"checklist": [{"text": "  "}]},
        {"state": "blocked"},
        {"priority": "urgent"},
        {"effort_min": -1},
        {"effort_min": 90, "effort_max": 60},
        {"stated_percent": 101},
        {"phase_id": "0199a206-0000-7000-8000-000000000000"},
        {"parent_id": "0199a206-0000-7000-8000-000000000000"},
        {"external_source": "tracker"},
        {"blocked": True},
        {"checklist": [{"done": True}]},
        {"checklist": [{"id": "0199a206-0000-7000-8000-000000000000", "done": True}]},
    ],
)
async def test_bad_changes_are_refused_whole(work: Workspace, body: Any) -> None:
    task = await new_task(work)
    await work.change(f"tasks/{task['id']}", {"assignee": "kept", **body}, expect=422)
    assert (await work.get(f"tasks/{task['id']}"))["assignee"] is None


async def test_the_checklist_moves_the_tasks_version(work: Workspace) -> None:
    task = await new_task(work, checklist=[{"text": "One"}, {"text": "Two"}])
    one = task["checklist"][0]["id"]
    changed = await work.change(
        f"tasks/{task['id']}", {"checklist": [{"id": one, "done": True}, {"text": "Three"}]}
    )
    assert [(item["text"], item["done"]) for item in changed["checklist"]] == [
        ("One", True), ("Two", False), ("Three", False),
    ]  # fmt: skip
    assert changed["version"] > task["version"]
    item = await work.post(f"tasks/{task['id']}/checklist", {"text": "Four"})
    path = f"tasks/{task['id']}/checklist/{item['id']}"
    assert (await work.call("PATCH", path, json={"done": True})).status_code == 428
    match = {"If-Match": f'"{item["version"]}"'}
    ticked = await work.call("PATCH", path, json={"done": True}, headers=match, expect=200)
    assert (ticked.json()["done"], ticked.json()["marker"]) == (True, "x")
    assert (await work.call("DELETE", path, headers=match)).status_code == 412
    await work.call("DELETE", path, headers={"If-Match": ticked.headers["etag"]}, expect=204)
    listed = await work.get(f"tasks/{task['id']}/checklist")
    assert [item["text"] for item in listed["items"]] == ["One", "Two", "Three"]
    assert (await work.get(f"tasks/{task['id']}"))["version"] > changed["version"]


async def test_transitions_keep_their_reason(work: Workspace) -> None:
    task = await new_task(work)
    await work.post(f"tasks/{task['id']}/transitions", {"state": "in_progress", "reason": "Begun"})
    await work.change(f"tasks/{task['id']}", {"state": "completed", "reason": "Done"})
    listed = (await work.get(f"tasks/{task['id']}/transitions"))["items"]
    assert [(each["from_state"], each["to_state"], each["reason"]) for each in listed] == [
        ("pending", "in_progress", "Begun"), ("in_progress", "completed", "Done"),
    ]  # fmt: skip


async def test_filters_sorts_and_words(sample_plan: Workspace) -> None:
    async def numbers(**query: Any) -> list[Any]:
        return [
            task["number"] or task["title"]
            for task in (await sample_plan.get("P/tasks", params=query))["items"]
        ]

    assert await numbers(state="completed") == ["1", "Documentation Foundation"]
    assert await numbers(priority="critical") == ["2"]
    assert await numbers(q="ruff") == ["4"]
    assert await numbers(q="fixing tests") == ["2"]
    assert await numbers(q='"no such words"') == []
    assert await numbers(kind="epic") == ["Enterprise Features Implementation"]
    epic = (await sample_plan.get("P/tasks", params={"kind": "epic"}))["items"][0]
    assert await numbers(parent=epic["id"]) == [
        "Rate Limiting Implementation",
        "Caching Layer",
        "Monitoring Integration",
    ]
    phases = (await sample_plan.get("P/phases"))["items"]
    assert await numbers(phase=phases[0]["id"], state="pending") == ["2", "3", "4", "5"]
    assert (await numbers(sort="priority"))[0] == "2"
    falling = await numbers(sort="-position", limit=100)
    assert falling == (await numbers(limit=100))[::-1]
    await sample_plan.call("GET", "P/tasks?state=blocked", expect=422)
    await sample_plan.call("GET", "P/tasks?limit=201", expect=422)


async def test_every_task_is_on_one_page_only(sample_plan: Workspace) -> None:
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3, "sort": "priority"}
    while True:
        page = await sample_plan.get("P/tasks", params=query)
        seen += [task["id"] for task in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 11


async def test_a_parent_is_never_below_itself(work: Workspace) -> None:
    top = await new_task(work, title="Top")
    below = await new_task(work, title="Below", parent_id=top["id"])
    refused = await work.change(f"tasks/{top['id']}", {"parent_id": below["id"]}, expect=422)
    assert refused["errors"][0]["pointer"] == "/parent_id"
    await work.change(f"tasks/{top['id']}", {"parent_id": top["id"]}, expect=422)


async def test_removal_frees_the_children(work: Workspace) -> None:
    top = await new_task(work, title="Top")
    below = await new_task(work, title="Below", parent_id=top["id"])
    assert (await work.call("DELETE", f"tasks/{top['id']}")).status_code == 428
    await work.call("DELETE", f"tasks/{top['id']}", headers={"If-Match": '"1"'}, expect=204)
    assert (await work.get(f"tasks/{below['id']}"))["parent_id"] is None
    await work.call("GET", f"tasks/{top['id']}", expect=404)


async def test_a_deferral_takes_the_task_out_and_back(work: Workspace) -> None:
    task = await new_task(work)
    path = f"tasks/{task['id']}/deferral"
    await work.call("GET", path, expect=404)
    await work.call("PUT", path, json={"reason": "Later"}, expect=200)
    await work.call("PUT", path, json={"reason": "Much later", "decision": "Wait"}, expect=200)
    read = await work.call("GET", path, expect=200)
    assert (read.json()["reason"], read.json()["decision"]) == ("Much later", "Wait")
    assert (await work.get(f"tasks/{task['id']}"))["state"] == "deferred"
    await work.call("DELETE", path, headers={"If-Match": read.headers["etag"]}, expect=204)
    assert (await work.get(f"tasks/{task['id']}"))["state"] == "pending"


async def test_an_external_item_has_one_task(work: Workspace) -> None:
    path = "P/tasks/by-external/tracker/ITEM-7"
    assert (await work.call("PUT", path, json={"priority": "low"})).status_code == 422
    made = await work.call("PUT", path, json={"title": "From afar"}, expect=201)
    kept = await work.call("PUT", path, json={"title": "Renamed", "state": "in_progress"}, expect=200)
    assert kept.json()["id"] == made.json()["id"]
    assert (kept.json()["title"], kept.json()["external_id"]) == ("Renamed", "ITEM-7")
    taken = {"title": "Twin", "external_source": "tracker", "external_id": "ITEM-7"}
    refused = await work.call("POST", "P/tasks", json=taken, expect=409)
    assert refused.json()["code"] == "external_id_taken"


@pytest.mark.parametrize(
    ("path", "first", "second", "made"),
    [
        ("P/tasks/by-external/tracker/ITEM-8", {"title": "One"}, {"title": "Two"}, 201),
        ("tasks/T/deferral", {"reason": "Later"}, {"reason": "Much later"}, 200),
    ],
)
async def test_a_put_heeds_its_conditions(
    work: Workspace, path: str, first: dict[str, str], second: dict[str, str], made: int
) -> None:
    path = path.replace("T/", (await new_task(work))["id"] + "/")
    for condition in ("*", '"1"'):
        await work.call("PUT", path, json=first, headers={"If-Match": condition}, expect=412)
    new = await work.call("PUT", path, json=first, headers={"If-None-Match": "*"}, expect=made)
    tag = new.headers["etag"]
    for name, condition in (("If-None-Match", "*"), ("If-None-Match", tag), ("If-Match", '"99"')):
        refused = await work.call("PUT", path, json=second, headers={name: condition}, expect=412)
        assert refused.headers["etag"] == tag
    kept = await work.call("PUT", path, json=second, headers={"If-Match": f'"99", {tag}'}, expect=200)
    assert kept.headers["etag"] != tag


async def test_a_batch_is_all_or_nothing(work: Workspace) -> None:
    one, two = await new_task(work, title="One"), await new_task(work, title="Two")
    good = [
        {"op": "create", "task": {"title": "Three"}},
        {"op": "update", "id": one["id"], "version": 1, "patch": {"state": "completed"}},
        {"op": "delete", "id": two["id"], "version": 1},
    ]
    bad = [
        *good,
        {"op": "update", "id": one["id"], "version": 1, "patch": {"title": "Stale by now"}},
        {"op": "create", "task": {"title": "Four", "effort_min": 9, "effort_max": 1}},
        {"op": "delete", "id": work.plan_id, "version": 1},
    ]
    refused = await work.call("POST", "P/tasks/batch", json={"operations": bad}, expect=422)
    assert [(error["pointer"], error["rule"]) for error in refused.json()["errors"]] == [
        ("/operations/3", "precondition_failed"), ("/operations/4", "invalid"), ("/operations/5", "not_found"),
    ]  # fmt: skip
    unread = [{"op": "create", "task": {"title": ""}}, *good, {"op": "forget"}, {"op": "delete", "id": "7"}]
    refused = await work.call("POST", "P/tasks/batch", json={"operations": unread}, expect=422)
    assert [(error["pointer"], error["rule"]) for error in refused.json()["errors"]] == [
        ("/operations/0/task/title", "length"), ("/operations/4/op", "type"), ("/operations/5/id", "uuid"),
    ]  # fmt: skip
    for rest in (b"", b"x", b',"operations":7}'):
        body = b'{"operations":[{"op":"create","task":{"title":""}}]' + rest
        broken = await work.call(
            "POST", "P/tasks/batch", content=body, headers={"Content-Type": "application/json"}
        )
        assert broken.status_code in {400, 422}
    assert [task["title"] for task in (await work.get("P/tasks"))["items"]] == ["One", "Two"]
    done = await work.post("P/tasks/batch", {"operations": good}, expect=200)
    assert [each["op"] for each in done["results"]] == ["create", "update", "delete"]
    assert [task["title"] for task in (await work.get("P/tasks"))["items"]] == ["One", "Three"]
    many = [{"op": "create", "task": {"title": "x"}}] * 201
    await work.call("POST", "P/tasks/batch", json={"operations": many}, expect=422)
