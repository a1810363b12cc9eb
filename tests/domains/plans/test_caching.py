"""What is kept of a plan is what a fresh read says, after every kind of write, and nobody's but the caller's."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from litestar import Litestar

from bedplate.settings import Settings
from fixtures.apps import running
from fixtures.people import Join, Person
from fixtures.routes import routes_of
from fixtures.sharing import add_member, etag_of, new_key, new_team, with_key

from .conftest import SAMPLE, Workspace

FRESH = {"Cache-Control": "no-store"}
# Kept by its days, not by its address.
BY_QUERY = "/v1/plans/{plan_id}/burndown?limit=100"

type Write = Callable[[Workspace], Awaitable[object]]


async def test_another_application_of_the_process_takes_nothing_along(
    work: Workspace, settings: Settings
) -> None:
    async with running(settings):
        pass
    path = f"plans/{work.plan_id}"
    for title in ("One", "Two", "Three"):
        await work.change(path, {"title": title})
        assert (await work.get(path))["title"] == title


def kept_paths(app: Litestar) -> list[str]:
    """The paths of routes that are kept; of the graph's many names, two."""
    paths = {route.path for route in routes_of(app) if route.handler.opt.get("cached")}
    paths = {path for path in paths if "graph." not in path or path.endswith("graph.svg")}
    assert len(paths) >= 16
    return sorted({*paths, BY_QUERY})


async def changed_task(work: Workspace) -> None:
    await work.change(f"tasks/{(await work.task('2'))['id']}", {"title": "Changed", "state": "completed"})


async def removed_task(work: Workspace) -> None:
    path = f"tasks/{(await work.task('3'))['id']}"
    await work.call(
        "DELETE", path, headers=await etag_of(work.client, f"/v1/{path}", work.person), expect=204
    )


async def ticked_item(work: Workspace) -> None:
    task_id = (await work.task("2"))["id"]
    await work.post(f"tasks/{task_id}/checklist", {"text": "One more", "done": True})


async def claimed(work: Workspace) -> None:
    await work.call("POST", "P/claims", json={}, expect=201)


async def waited(work: Workspace) -> None:
    one, two = await work.task("2"), await work.task("5")
    await work.post(f"tasks/{two['id']}/dependencies", {"blocker_id": one["id"]})


async def batched(work: Workspace) -> None:
    operations = [{"op": "create", "task": {"title": f"Task {number}"}} for number in range(2)]
    await work.call("POST", "P/tasks/batch", json={"operations": operations}, expect=200)


async def measured(work: Workspace) -> None:
    criterion = await work.post("P/criteria", {"text": "Fast", "comparison": "<", "target": 5, "unit": "ms"})
    await work.post(f"criteria/{criterion['id']}/measurements", {"value": 3})


async def waived(work: Workspace) -> None:
    found = (await work.get("P/findings"))["items"]
    await work.call("POST", f"P/findings/{found[0]['id']}/waiver", json={"reason": "Known"}, expect=200)


WRITES: dict[str, Write] = {
    "plan": lambda work: work.change(f"plans/{work.plan_id}", {"title": "Changed", "key": "changed"}),
    "task": lambda work: work.post("P/tasks", {"title": "Task", "effort_min": 60}),
    "task changed": changed_task,
    "task removed": removed_task,
    "checklist": ticked_item,
    "claim": claimed,
    "edge": waited,
    "batch": batched,
    "phase": lambda work: work.post("P/phases", {"ordinal": 9, "name": "Last"}),
    "decision": lambda work: work.post("P/decisions", {"title": "Decision"}),
    "lesson": lambda work: work.post("P/lessons", {"title": "Lesson"}),
    "risk": lambda work: work.post("P/risks", {"level": "high", "text": "Risk"}),
    "criterion": measured,
    "waiver": waived,
    "time": lambda work: work.post("P/time-entries", {"minutes": 5}),
    "import": lambda work: work.take_in(SAMPLE.read_bytes().replace(b"Migrate to Ruff", b"Move to Ruff")),
}


async def answers(work: Workspace, paths: list[str], **headers: str) -> dict[str, bytes]:
    """What the caller is told at each path."""
    told: dict[str, bytes] = {}
    for path in paths:
        where = path.removeprefix("/v1/").format(plan_id=work.plan_id)
        told[path] = (await work.call("GET", where, headers=headers, expect=200)).content
    return told


async def test_each_write_of_a_plan_ends_what_is_kept_of_it(app: Litestar, sample_plan: Workspace) -> None:
    paths, moved = kept_paths(app), set[str]()
    before = await answers(sample_plan, paths)
    for name, write in WRITES.items():
        await write(sample_plan)
        after = await answers(sample_plan, paths)
        assert after == await answers(sample_plan, paths, **FRESH), name
        changed = {path for path in paths if after[path] != before[path]}
        assert changed, f"{name} changes nothing that is kept, so it shows nothing"
        moved |= changed
        before = after
    assert moved == set(paths)


async def test_what_is_kept_is_given_without_being_made(app: Litestar, sample_plan: Workspace) -> None:
    paths = [path for path in kept_paths(app) if path != BY_QUERY]
    first = await answers(sample_plan, paths)
    async with app.state.database.transaction() as session:
        # Behind the service's back: a fresh read would tell.
        connection = await session.connection()
        await connection.exec_driver_sql(f"delete from plan where id = '{sample_plan.plan_id}'")
    assert await answers(sample_plan, paths) == first


async def test_a_client_that_has_an_answer_is_told_so_until_it_changes(sample_plan: Workspace) -> None:
    first = await sample_plan.call("GET", "P/tasks?limit=5", expect=200)
    assert first.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in first.headers["vary"]
    held = {"If-None-Match": first.headers["etag"]}
    again = await sample_plan.call("GET", "P/tasks?limit=5", headers=held, expect=304)
    assert again.headers["etag"] == first.headers["etag"]
    await changed_task(sample_plan)
    later = await sample_plan.call("GET", "P/tasks?limit=5", headers=held, expect=200)
    assert later.headers["etag"] != first.headers["etag"]


async def test_the_graph_is_kept_by_its_form(sample_plan: Workspace) -> None:
    kinds = ["image/svg+xml", "application/json", "text/vnd.mermaid"]
    for _ in range(2):
        for kind in kinds:
            answer = await sample_plan.call("GET", "P/graph", headers={"Accept": kind}, expect=200)
            assert answer.headers["content-type"].partition(";")[0] == kind


@pytest.fixture
async def shared(app: Litestar, work: Workspace, join: Join) -> tuple[Workspace, Person, str]:
    """A plan of a team, one who may only look at it, and the team."""
    viewer = await join(work.client)
    team_id = await new_team(work.client, work.person)
    await add_member(app, work.client, team_id, work.person, viewer, "viewer")
    await work.new_plan(team_id=team_id)
    return work, viewer, team_id


async def status(client: httpx.AsyncClient, plan_id: str, headers: dict[str, str]) -> int:
    return (await client.get(f"/v1/plans/{plan_id}/tasks", headers=headers)).status_code


async def test_a_kept_answer_is_for_who_may_see_it(shared: tuple[Workspace, Person, str], join: Join) -> None:
    work, viewer, _ = shared
    stranger = await join(work.client)
    blind = await new_key(work.client, work.person, "jobs:read")
    for _ in range(2):
        assert await status(work.client, work.plan_id, work.person.headers) == 200
        assert await status(work.client, work.plan_id, viewer.headers) == 200
        assert await status(work.client, work.plan_id, stranger.headers) == 404
        assert await status(work.client, work.plan_id, with_key(blind)) == 403
        assert await status(work.client, work.plan_id, {}) == 401


@pytest.mark.parametrize("how", ["removed", "left", "disbanded"])
async def test_who_leaves_a_team_is_not_told_what_was_kept_for_him(
    shared: tuple[Workspace, Person, str], how: str
) -> None:
    work, viewer, team_id = shared
    assert await status(work.client, work.plan_id, viewer.headers) == 200
    path = f"/v1/teams/{team_id}" if how == "disbanded" else f"/v1/teams/{team_id}/members/{viewer.user_id}"
    by = viewer if how == "left" else work.person
    headers = await etag_of(work.client, path, by) if how == "disbanded" else by.headers
    answer = await work.client.delete(path, headers=headers)
    assert answer.status_code == 204, answer.text
    assert await status(work.client, work.plan_id, viewer.headers) == 404
