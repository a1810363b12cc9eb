"""How each incident is brought about, again and again until its alerts fire."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

import httpx
from machines import PASSWORD, Service, administrator, held, locked, sign_up

type Force = Callable[[Service], Awaitable[None]]


class Incident(NamedTuple):
    """What is done, the alerts that must fire while it is, and how to undo what is left of it."""

    what: str
    alerts: tuple[str, ...]
    force: Force
    undo: Force | None = None


async def _nothing(_service: Service) -> None:
    await asyncio.sleep(0.5)


async def _flood(service: Service) -> None:
    body = {"email": "owner@team.example", "password": "a wrong phrase 42"}
    await asyncio.gather(*(service.http.post("/v1/auth/login", json=body) for _ in range(10)))
    await asyncio.sleep(0.5)


async def _mail_in_vain(service: Service) -> None:
    await sign_up(service, "letter")
    await service.sql("update job set max_attempts = 1 where task = 'accounts.mail' and state = 'queued'")
    await asyncio.sleep(1)


async def _lose_workers(service: Service) -> None:
    await _pause(service)
    for _ in range(6):
        await sign_up(service, "lost")
    await service.sql(
        "update job set state = 'running', attempt = attempt + 1, worker = 'gone', attempt_started_at = now(),"
        " lease_until = now() - interval '1 second' where task = 'accounts.mail' and state = 'queued'"
    )
    await asyncio.sleep(3)


async def _pause(service: Service) -> None:
    await service.sql(
        "insert into job_pause (kind, name) values ('task', 'accounts.mail') on conflict do nothing"
    )


async def _resume(service: Service) -> None:
    await service.sql("delete from job_pause")


async def _miss_a_schedule(service: Service) -> None:
    await service.sql("update job_schedule set next_at = now() - interval '5 hours'")
    await asyncio.sleep(5)


async def _leave_due(service: Service) -> None:
    await sign_up(service, "waits")
    await service.sql(
        "update job set available_at = now() - interval '5 minutes'"
        " where task = 'accounts.mail' and state = 'queued'"
    )


async def _begin_late(service: Service) -> None:
    await _pause(service)
    await _leave_due(service)
    await _resume(service)
    await asyncio.sleep(2)


async def _hold_the_worker(service: Service) -> None:
    with held(service.child("bedplate worker")):
        await _leave_due(service)
        await asyncio.sleep(25)


async def _miss_what_was_hit(service: Service) -> None:
    headers = await administrator(service)
    for number in range(200):
        if number % 100 == 0:
            plan = await _new_plan(service, headers)
        await service.http.get(plan, headers=headers)
        await asyncio.sleep(0.05)
    for _ in range(75):
        await service.http.get(await _new_plan(service, headers), headers=headers)
        await asyncio.sleep(0.4)


async def _new_plan(service: Service, headers: dict[str, str]) -> str:
    body = {"key": f"watched-{time.time_ns()}", "title": "Watched"}
    answer = await service.http.post("/v1/plans", json=body, headers=headers)
    return answer.raise_for_status().headers["location"]


async def _stop_and_go(service: Service) -> None:
    with held(service.child("worker-1")):
        await asyncio.sleep(0.7)
    await asyncio.sleep(0.3)


async def _lock_for_a_moment(service: Service) -> None:
    async with locked(service.database_url, "account"):
        calls = [asyncio.create_task(sign_up(service, "slow")) for _ in range(2)]
        await asyncio.sleep(0.7)
    await asyncio.gather(*calls)


async def _lock_for_long(service: Service) -> None:
    async with locked(service.database_url, "account"):
        body = {"email": "owner@team.example", "password": PASSWORD}
        calls = [service.http.post("/v1/auth/login", json=body) for _ in range(12)]
        await asyncio.gather(*calls, return_exceptions=True)


async def _hold_redis(service: Service) -> None:
    with held(service.child("valkey-server")):
        for _ in range(30):
            with suppress(httpx.HTTPError):
                await service.http.get("/v1/auth/providers")
            await asyncio.sleep(0.2)


async def _stop(service: Service) -> None:
    if service.process.poll() is None:
        await asyncio.to_thread(service.stop)
    await asyncio.sleep(0.5)


INCIDENTS = (
    Incident(
        "a replica lags, a certificate ends (as their exporters say)",
        ("ReplicaBehind", "CertificateEnds"),
        _nothing,
    ),
    Incident("the collector is away", ("SpansDropped",), _flood),
    Incident("twenty wrong passwords a second", ("SignInAttack", "CallersLimited"), _flood),
    Incident("the mail server is away", ("JobsFailing", "DeadLetters"), _mail_in_vain),
    Incident("workers vanish in the middle of jobs", ("WorkersLost",), _lose_workers, _resume),
    Incident("nobody fired the schedules for hours", ("ScheduleMissed",), _miss_a_schedule),
    Incident("the worker stands still while jobs are due", ("NoWorkers", "QueueOld"), _hold_the_worker),
    Incident("what was cached is asked for no more", ("CacheHitsFallen",), _miss_what_was_hit),
    Incident("jobs begin minutes late", ("JobWaitBurn",), _begin_late, _resume),
    Incident("the API's process stands still, on and off", ("LoopBlocked",), _stop_and_go),
    Incident("somebody locks the accounts, again and again", ("LatencyBurn",), _lock_for_a_moment),
    Incident("somebody locks the accounts for long", ("PoolSaturated", "AvailabilityBurn"), _lock_for_long),
    Incident("Redis does not answer", ("LimiterDegraded", "QueueUnreachable"), _hold_redis),
    Incident("the service is stopped", ("ServiceDown",), _stop),
)
