"""The incident that the diagnosis page is tried on: everything that its ten questions ask about, at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from machines import PASSWORD, Service, administrator, held, locked, sign_up

from bedplate.platform.embedded import running

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
"""The trace, and so the request's id, that the page names."""
NO_JOB = "00000000-0000-7000-8000-000000000000"
"""What stands in the page for an id that only the reader knows."""
SCRAPED = 8.0
"""Seconds after which Prometheus has seen everything."""
PLANS_GONE = "alter table plan rename to plan_elsewhere"
PLANS_BACK = "alter table plan_elsewhere rename to plan"


@dataclass
class Seeds:
    """Ids of what was seeded, and what makes a request the administrator's."""

    job_id: str
    key_id: str
    headers: dict[str, str]


async def seed(service: Service) -> Seeds:
    """Make the service slow, broken, attacked; leave a job waiting and a key revoked."""
    headers = await administrator(service)
    await _request_that_is_traced(service)
    key_id = await _revoked_key(service, headers)
    await _fail(service, headers)
    await _attack(service)
    await _block_the_loop(service)
    await _slow_down(service)
    job_id = await _job_that_waits(service)
    await asyncio.sleep(SCRAPED)
    return Seeds(job_id, key_id, headers)


@asynccontextmanager
async def waiting_readers(service: Service, headers: dict[str, str]) -> AsyncIterator[None]:
    """Have people ask for their accounts meanwhile."""

    async def read_again_and_again() -> None:
        while True:
            with suppress(httpx.HTTPError):
                await service.http.get("/v1/me", headers=headers)

    tasks = [asyncio.create_task(read_again_and_again()) for _ in range(8)]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _request_that_is_traced(service: Service) -> None:
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    body = {"email": "customer@team.example", "password": PASSWORD, "name": "Customer"}
    (await service.http.post("/v1/auth/signup", json=body, headers=headers)).raise_for_status()
    refused = await service.http.post("/v1/auth/signup", json={**body, "age": 7}, headers=headers)
    _must(refused, httpx.codes.UNPROCESSABLE_ENTITY)


async def _revoked_key(service: Service, headers: dict[str, str]) -> str:
    body = {"name": "Nightly report", "scopes": ["plans:read"]}
    made = await service.http.post("/v1/api-keys", json=body, headers=headers)
    key_id = str(made.raise_for_status().json()["id"])
    (await service.http.delete(f"/v1/api-keys/{key_id}", headers=headers)).raise_for_status()
    return key_id


async def _fail(service: Service, headers: dict[str, str]) -> None:
    urls = running(Path(service.folder))
    if urls is None:
        raise RuntimeError("the service's servers are gone")
    owner = await asyncpg.connect(urls.owner_url)
    await owner.execute(PLANS_GONE)
    try:
        for _ in range(20):
            answer = await service.http.get("/v1/plans", headers=headers)
            _must(answer, httpx.codes.INTERNAL_SERVER_ERROR)
            await asyncio.sleep(0.4)
    finally:
        await owner.execute(PLANS_BACK)
        await owner.close()


def _must(answer: httpx.Response, status: int) -> None:
    if answer.status_code != status:
        raise RuntimeError(f"{answer.url} answered {answer.status_code}, {status} was expected")


async def _attack(service: Service) -> None:
    for number in range(3):
        body = {"email": f"victim-{number}@team.example", "password": PASSWORD, "name": "Victim"}
        (await service.http.post("/v1/auth/signup", json=body)).raise_for_status()
    for number in range(120):
        body = {"email": f"victim-{number % 3}@team.example", "password": "a wrong phrase 42"}
        await service.http.post("/v1/auth/login", json=body)
        await asyncio.sleep(0.05)


async def _block_the_loop(service: Service) -> None:
    for _ in range(4):
        with held(service.child("worker-1")):
            await asyncio.sleep(0.7)
        await asyncio.sleep(0.4)


async def _slow_down(service: Service) -> None:
    for _ in range(3):
        async with locked(service.database_url, "account"):
            call = asyncio.create_task(sign_up(service, "slow"))
            await asyncio.sleep(1.4)
        await call


async def _job_that_waits(service: Service) -> str:
    await service.sql(
        "insert into job_pause (kind, name) values ('task', 'accounts.mail') on conflict do nothing"
    )
    await sign_up(service, "waits")
    (row,) = await service.sql(
        "select id::text from job where task = 'accounts.mail' and state = 'queued' order by id desc limit 1"
    )
    return str(row["id"])
