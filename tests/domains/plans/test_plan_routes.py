"""Plans themselves: making, seeing, changing, removing, and who may."""

import uuid

import httpx
import pytest
from litestar import Litestar

from domains.plans.conftest import NewWorkspace, Workspace
from fixtures.people import Person

NOBODYS = "0199a206-0000-7000-8000-000000000000"


async def share(app: Litestar, owner: Workspace, guest: Person, role: str) -> None:
    """Put somebody into the personal team of another."""
    async with app.state.database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "insert into team_member (id, team_id, user_id, role) values ($1, $2, $3, $4)",
            (uuid.uuid4(), uuid.UUID(owner.person.team_id), uuid.UUID(guest.user_id), role),
        )


async def test_a_new_plan_is_in_the_personal_team(work: Workspace) -> None:
    answer = await work.call("POST", "plans", json={"key": "mine", "title": "Mine"}, expect=201)
    plan = answer.json()
    assert answer.headers["location"] == f"/v1/plans/{plan['id']}"
    assert (plan["key"], plan["title"], plan["version"], plan["team_id"]) == (
        "mine", "Mine", 1, work.person.team_id,
    )  # fmt: skip
    twice = await work.call("POST", "plans", json={"key": "mine", "title": "Again"}, expect=409)
    assert twice.json()["code"] == "plan_exists"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"key": "Upper", "title": "T"}, "/key"),
        ({"key": "a" * 65, "title": "T"}, "/key"),
        ({"key": "", "title": "T"}, "/key"),
        ({"key": "k", "title": ""}, "/title"),
        ({"key": "k"}, "/title"),
        ({"key": "k", "title": "T", "colour": "red"}, "/colour"),
        ({"key": "k", "title": 7}, "/title"),
    ],
)
async def test_bad_plans_are_refused_with_a_pointer(work: Workspace, body: object, pointer: str) -> None:
    problem = (await work.call("POST", "plans", json=body, expect=422)).json()
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_a_key_with_a_line_end_and_a_title_with_a_nul_are_refused(work: Workspace) -> None:
    await work.call("POST", "plans", json={"key": "key\n", "title": "T"}, expect=422)
    await work.call("POST", "plans", json={"key": "key", "title": "T\0"}, expect=422)


async def test_change_under_the_etag(work: Workspace) -> None:
    path = f"plans/{work.plan_id}"
    assert (await work.call("PATCH", path, json={"title": "B"})).status_code == 428
    stale = await work.call("PATCH", path, json={"title": "B"}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert (await work.change(path, {"title": "B", "status": "Active"}))["title"] == "B"
    read = await work.call("GET", path)
    assert read.headers["etag"] == '"2"'
    again = await work.call("GET", path, headers={"If-None-Match": '"2"'})
    assert again.status_code == 304


async def test_lists_page_by_cursor_and_filter(work: Workspace) -> None:
    for name in "abc":
        await work.post("plans", {"key": f"page-{name}", "title": name})
    first = await work.get("plans", params={"limit": 2, "sort": "key"})
    second = await work.get("plans", params={"limit": 2, "sort": "key", "cursor": first["next_cursor"]})
    keys = [plan["key"] for plan in first["items"] + second["items"]]
    assert keys == sorted(keys)
    assert len(set(keys)) == 4
    found = await work.get("plans", params={"key": "page-b"})
    assert [plan["key"] for plan in found["items"]] == ["page-b"]
    assert (await work.call("GET", "plans?sort=colour")).status_code == 422
    assert (await work.call("GET", "plans?colour=red")).status_code == 422
    assert (await work.call("GET", f"plans?cursor={'x' * 20}")).status_code == 400


async def test_removal_is_an_owners(app: Litestar, new_workspace: NewWorkspace) -> None:
    owner, editor = await new_workspace(), await new_workspace()
    await share(app, owner, editor.person, "editor")
    path = f"plans/{owner.plan_id}"
    assert (await editor.call("DELETE", path, headers={"If-Match": '"1"'})).status_code == 403
    assert (await owner.call("DELETE", path)).status_code == 428
    assert (await owner.call("DELETE", path, headers={"If-Match": '"1"'})).status_code == 204
    assert (await owner.call("GET", path)).status_code == 404


async def test_other_teams_see_nothing(sample_plan: Workspace, new_workspace: NewWorkspace) -> None:
    stranger = await new_workspace()
    task = await sample_plan.task("2")
    stranger.plan_id = sample_plan.plan_id
    for path in (
        f"plans/{sample_plan.plan_id}", "P/tasks", "P/ready", "P/blocked", "P/findings", "P/graph", "P/summary",
        "P/documents", "P/phases", "P/decisions", "P/criteria", "P/time-entries", "P/progress", "P/burndown",
        "P/standup", "P/critical-path", "P/dependencies", "P/events", f"tasks/{task['id']}",
        f"tasks/{task['id']}/checklist", f"tasks/{task['id']}/impact", f"tasks/{task['id']}/transitions",
    ):  # fmt: skip
        assert (await stranger.call("GET", path)).status_code == 404, path
    match = {"If-Match": "*"}
    for method, path, body in (
        ("PATCH", f"plans/{sample_plan.plan_id}", {"title": "X"}),
        ("DELETE", f"plans/{sample_plan.plan_id}", None),
        ("PATCH", f"tasks/{task['id']}", {"state": "completed"}),
        ("DELETE", f"tasks/{task['id']}", None),
        ("POST", f"tasks/{task['id']}/transitions", {"state": "completed"}),
        ("POST", "P/tasks", {"title": "X"}),
        ("POST", "P/exports", {}),
        ("POST", "P/claims", {}),
    ):
        answer = await stranger.call(method, path, json=body, headers=match)
        assert answer.status_code == 404, (method, path, answer.text)
    assert (await stranger.upload("# X")).status_code == 404
    mine = await stranger.call(
        "POST", "plans", json={"key": "x", "title": "X", "team_id": sample_plan.person.team_id}
    )
    assert mine.status_code == 404


async def test_viewers_look_and_editors_write(
    app: Litestar, sample_plan: Workspace, new_workspace: NewWorkspace
) -> None:
    viewer, editor = await new_workspace(), await new_workspace()
    await share(app, sample_plan, viewer.person, "viewer")
    await share(app, sample_plan, editor.person, "editor")
    task = await sample_plan.task("2")
    for guest in (viewer, editor):
        guest.plan_id = sample_plan.plan_id
        assert (await guest.get("P/ready"))["items"][0]["number"] == "2"
    body, match = {"state": "in_progress"}, {"If-Match": '"1"'}
    refused = await viewer.call("PATCH", f"tasks/{task['id']}", json=body, headers=match)
    assert (refused.status_code, refused.json()["code"]) == (403, "team_role_too_low")
    assert (await viewer.upload("# X")).status_code == 403
    assert (await viewer.call("POST", "P/exports", json={})).status_code == 403
    assert (await editor.call("PATCH", f"tasks/{task['id']}", json=body, headers=match)).status_code == 200


async def test_nobody_and_an_unverified_person(asgi: httpx.AsyncClient, new_workspace: NewWorkspace) -> None:
    assert (await asgi.get("/v1/plans")).status_code == 401
    unverified = await new_workspace(verified=False)
    assert (await unverified.get("P/tasks"))["items"] == []
    assert (await unverified.call("GET", f"plans/{NOBODYS}")).status_code == 404


async def test_writes_are_on_record(app: Litestar, work: Workspace) -> None:
    await work.post("P/tasks", {"title": "A task"})
    rows = await app.state.database.reads.fetch(
        "select type, team_id from audit_event where team_id = $1 order by id", uuid.UUID(work.person.team_id)
    )
    assert [row[0] for row in rows][-2:] == ["plan.created", "task.created"]
