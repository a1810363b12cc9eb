import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from litestar import Litestar

from bedplate.domains.accounts.archive import export
from fixtures.mail import Letter
from fixtures.people import PASSWORD, Join, Person, log_in
from fixtures.sharing import add_member, new_key, new_team

MARKDOWN = "# Leaving\n\n## Phase 1: Pack\n\n### 1.1 Take the plans along\n\n**Status:** pending\n"
ERASE = "update account set erase_at = now() - interval '1 second' where id = $1"


async def test_a_closed_account_cannot_sign_in_and_comes_back_by_mail(
    asgi: httpx.AsyncClient, join: Join, letter: Letter
) -> None:
    person = await join(asgi)
    closed = await asgi.delete("/v1/me", headers=person.headers)
    assert closed.status_code == 200
    assert closed.json()["erase_at"]
    body = {"email": person.email, "password": PASSWORD}
    assert (await asgi.post("/v1/auth/login", json=body)).status_code == 401
    assert (
        await asgi.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})
    ).status_code == 401
    token = (await letter(person.email, "will be erased")).token
    assert (await asgi.post("/v1/auth/restore", json={"token": token})).status_code == 204
    await log_in(asgi, person.email)


async def test_after_the_grace_nothing_tells_who_it_was(
    asgi: httpx.AsyncClient, app: Litestar, join: Join, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    person = await join(asgi)
    reads = app.state.database.reads
    assert (await asgi.delete("/v1/me", headers=person.headers)).status_code == 200
    async with app.state.database.transaction() as session:
        await (await session.connection()).exec_driver_sql(ERASE, (person.user_id,))
        await app.state.jobs.scheduler.run_now(session, "accounts.erase")
    await run_jobs()
    assert await reads.fetch("select 1 from account where id = $1", person.user_id) == []
    assert await reads.fetch("select 1 from audit_subject where user_id = $1", person.user_id) == []
    assert await reads.fetch("select 1 from team where id = $1", person.team_id) == []


async def test_the_archive_holds_what_every_domain_keeps(
    asgi: httpx.AsyncClient, join: Join, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    person = await join(asgi)
    ordered = await asgi.post("/v1/me/exports", headers=person.headers)
    assert ordered.status_code == 202
    await run_jobs()
    job = (await asgi.get(ordered.headers["location"], headers=person.headers)).json()
    assert (job["type"], job["state"]) == (export.name, "succeeded")
    assert job["result"]["account"]["email"] == person.email
    assert len(job["result"]["sessions"]) == 2
    assert {event["type"] for event in job["result"]["audit"]} >= {"account.created", "session.created"}


async def test_the_archive_holds_teams_and_plans(
    asgi: httpx.AsyncClient, app: Litestar, join: Join, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    person, other = await join(asgi), await join(asgi)
    team_id = await new_team(asgi, person, "Movers")
    key = await new_key(asgi, person, "plans:read")
    own, shared = await new_plan(asgi, person), await new_plan(asgi, person, team_id=team_id)
    foreign = await new_plan(asgi, other)
    markdown = {**person.headers, "Content-Type": "text/markdown"}
    taken = await asgi.post(f"/v1/plans/{own}/imports", content=MARKDOWN, headers=markdown)
    assert taken.status_code == 202, taken.text
    await run_jobs()
    archive = await ordered_archive(asgi, person, run_jobs)
    assert {team["name"] for team in archive["teams"]} >= {"Movers"}
    assert [one["id"] for one in archive["api_keys"]] == [key["id"]]
    plans = archive["plans"]
    assert {plan["id"] for plan in plans["plans"]} == {own, shared}
    assert [one["text"] for one in plans["documents"]] == [MARKDOWN]
    assert "Take the plans along" in {task["title"] for task in plans["tasks"]}
    assert foreign not in str(archive)
    assert key["key"] not in str(archive)


async def test_erasing_takes_ones_own_plans_and_leaves_the_teams(
    asgi: httpx.AsyncClient, app: Litestar, join: Join, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    person, colleague = await join(asgi), await join(asgi)
    shared_team, lonely_team = await new_team(asgi, colleague), await new_team(asgi, person)
    await add_member(app, asgi, shared_team, colleague, person, "editor")
    own, lonely = await new_plan(asgi, person), await new_plan(asgi, person, team_id=lonely_team)
    shared = await new_plan(asgi, person, team_id=shared_team)
    spent = await asgi.post(f"/v1/plans/{shared}/time-entries", json={"minutes": 5}, headers=person.headers)
    assert spent.status_code == 201, spent.text
    assert (await asgi.delete("/v1/me", headers=person.headers)).status_code == 200
    await erase_now(app, person, run_jobs)
    rows = await app.state.database.reads.fetch(
        "select id from plan where id = any($1)", [own, lonely, shared]
    )
    assert [str(row[0]) for row in rows] == [shared]
    seen = await asgi.get(f"/v1/plans/{shared}", headers=colleague.headers)
    assert seen.status_code == 200
    kept = await asgi.get(f"/v1/plans/{shared}/time-entries", headers=colleague.headers)
    assert [entry["minutes"] for entry in kept.json()["items"]] == [5]


async def test_the_last_owner_and_the_last_administrator_do_not_leave(
    asgi: httpx.AsyncClient, app: Litestar, join: Join
) -> None:
    owner, member = await join(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    await add_member(app, asgi, team_id, owner, member, "editor")
    refused = await asgi.delete("/v1/me", headers=owner.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "last_owner")
    assert refused.json()["team_id"] == team_id
    path = f"/v1/teams/{team_id}/members/{member.user_id}"
    assert (await asgi.patch(path, json={"role": "owner"}, headers=owner.headers)).status_code == 200
    assert (await asgi.delete("/v1/me", headers=owner.headers)).status_code == 200


async def new_plan(asgi: httpx.AsyncClient, person: Person, **body: str) -> str:
    body = {"key": f"plan-{secrets.token_hex(4)}", "title": "Leaving", **body}
    made = await asgi.post("/v1/plans", json=body, headers=person.headers)
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def ordered_archive(
    asgi: httpx.AsyncClient, person: Person, run_jobs: Callable[[], Awaitable[None]]
) -> dict[str, Any]:
    ordered = await asgi.post("/v1/me/exports", headers=person.headers)
    assert ordered.status_code == 202
    await run_jobs()
    return (await asgi.get(ordered.headers["location"], headers=person.headers)).json()["result"]


async def erase_now(app: Litestar, person: Person, run_jobs: Callable[[], Awaitable[None]]) -> None:
    """Let the time of grace be over, and run what erases people and then the teams that nobody is left in."""
    for schedule in ("accounts.erase", "teams.sweep"):
        async with app.state.database.transaction() as session:
            await (await session.connection()).exec_driver_sql(ERASE, (person.user_id,))
            await app.state.jobs.scheduler.run_now(session, schedule)
        await run_jobs()
