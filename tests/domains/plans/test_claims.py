"""Claims: each ready task to one worker, and back when the lease ends; the events of it all."""

import asyncio
import json
import uuid

import httpx
from litestar import Litestar

from domains.plans.conftest import NewWorkspace, Workspace
from domains.plans.test_plan_routes import share
from fixtures.people import Join
from fixtures.service import Served


async def test_each_ready_task_goes_to_one_worker(work: Workspace) -> None:
    for number in range(5):
        await work.post("P/tasks", {"title": f"Task {number}", "priority": "high" if number == 3 else "low"})
    first = await work.post("P/claims", {})
    assert first["title"] == "Task 3"
    assert first["claimed_by"] == work.person.user_id
    answers = await asyncio.gather(*(work.call("POST", "P/claims", json={}) for _ in range(6)))
    claimed = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert len(claimed) == len(set(claimed)) == 4
    refused = [answer for answer in answers if answer.status_code != 201]
    assert {answer.json()["code"] for answer in refused} == {"nothing_ready"}


async def test_a_task_that_is_being_claimed_is_passed_by(app: Litestar, work: Workspace) -> None:
    first = await work.post("P/tasks", {"title": "First"})
    await work.post("P/tasks", {"title": "Second"})
    async with app.state.database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "select from task where id = $1 for update", (uuid.UUID(first["id"]),)
        )
        assert (await work.post("P/claims", {}))["title"] == "Second"


async def test_a_claim_is_its_holders(app: Litestar, work: Workspace, new_workspace: NewWorkspace) -> None:
    other = await new_workspace()
    await share(app, work, other.person, "editor")
    task = await work.post("P/tasks", {"title": "Wanted"})
    path = f"tasks/{task['id']}"
    await work.post(f"{path}/claim", {"lease_seconds": 60}, expect=200)
    taken = await other.call("POST", f"{path}/claim", json={})
    assert (taken.status_code, taken.json()["code"]) == (409, "already_claimed")
    assert (await other.call("POST", f"{path}/release")).status_code == 409
    await work.post(f"{path}/claim", {"lease_seconds": 60}, expect=200)
    await work.call("POST", f"{path}/release", expect=200)
    await other.post(f"{path}/claim", {}, expect=200)
    assert (await work.call("POST", f"{path}/claim", json={"lease_seconds": 0})).status_code == 422


async def test_a_lease_that_has_ended_frees_the_task(app: Litestar, work: Workspace) -> None:
    await work.post("P/tasks", {"title": "Only one"})
    await work.post("P/claims", {})
    assert (await work.call("POST", "P/claims", json={})).status_code == 404
    async with app.state.database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("update task set lease_until = now() where lease_until is not null")
    assert (await work.post("P/claims", {}))["title"] == "Only one"


async def test_what_is_closed_cannot_be_claimed(work: Workspace) -> None:
    task = await work.post("P/tasks", {"title": "Done", "state": "completed"})
    refused = await work.call("POST", f"tasks/{task['id']}/claim", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")


async def test_events_are_followed_and_resumed(
    app: Litestar, served: Served, client: httpx.AsyncClient, join: Join
) -> None:
    work = Workspace(client, await join(client), app.state.jobs)
    await work.new_plan()
    url, headers = f"/v1/plans/{work.plan_id}/events", work.person.headers
    seen: list[tuple[str, str]] = []

    async def follow(count: int, last: str) -> None:
        extra = {"Last-Event-ID": last}
        async with client.stream("GET", url, headers={**headers, **extra}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            place = ""
            async for line in stream.aiter_lines():
                if line.startswith("id: "):
                    place = line[4:]
                if line.startswith("data: "):
                    seen.append((json.loads(line[6:])["type"], place))
                    if len(seen) == count:
                        return

    await work.post("P/tasks", {"title": "One"})
    async with asyncio.timeout(60):
        await follow(2, "0.00000000-0000-0000-0000-000000000000")
        await work.post("P/tasks", {"title": "Two"})
        await follow(3, seen[1][1])
    assert [kind for kind, _ in seen] == ["plan.created", "task.created", "task.created"]
    wrong = await client.get(url, headers={**headers, "Last-Event-ID": "7"})
    assert wrong.status_code == 400
