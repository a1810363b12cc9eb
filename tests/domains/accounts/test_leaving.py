from collections.abc import Awaitable, Callable

import httpx
from litestar import Litestar

from bedplate.domains.accounts.archive import export
from fixtures.mail import Letter
from fixtures.people import PASSWORD, Join, log_in

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
