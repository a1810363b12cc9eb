"""What is kept of a plan, over four processes of the service that share nothing but their servers."""

import asyncio
import os
import time
from typing import Any

import httpx

from fixtures.fleet import Fleet
from fixtures.people import Person, sign_up

REQUESTS = 400
SEEN_WITHIN, LOOK_SECONDS = 2.0, 0.05


async def new_plan(client: httpx.AsyncClient) -> tuple[Person, str]:
    person = await sign_up(client)
    body = {"key": os.urandom(4).hex(), "title": "First"}
    answer = await client.post("/v1/plans", json=body, headers=person.headers)
    assert answer.status_code == 201, answer.text
    return person, f"/v1/plans/{answer.json()['id']}"


async def rename(client: httpx.AsyncClient, person: Person, path: str, title: str) -> None:
    answer = await client.patch(path, json={"title": title}, headers={**person.headers, "If-Match": "*"})
    assert answer.status_code == 200, answer.text


async def title(client: httpx.AsyncClient, person: Person, path: str) -> Any:
    answer = await client.get(path, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["title"]


async def test_four_hundred_misses_make_one_graph(fleet: Fleet, clients: list[httpx.AsyncClient]) -> None:
    person, path = await new_plan(clients[0])
    hold, before, sent = fleet.folder / "hold", fleet.made, asyncio.Semaphore(0)
    hold.touch()

    async def sending(_: httpx.Request) -> None:
        sent.release()

    for client in clients:
        client.event_hooks = {"request": [sending]}
    asked = [
        asyncio.create_task(clients[number % len(clients)].get(f"{path}/graph", headers=person.headers))
        for number in range(REQUESTS)
    ]
    for _ in range(REQUESTS):
        await sent.acquire()
    hold.unlink()
    answers = await asyncio.gather(*asked)
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert fleet.made - before == 1


async def test_a_write_is_seen_by_the_next_read_through_every_process(
    clients: list[httpx.AsyncClient],
) -> None:
    person, path = await new_plan(clients[0])
    for number in range(3 * len(clients)):
        # Twice: what the process itself keeps is to be in use as well.
        for client in clients * 2:
            await title(client, person, path)
        await rename(clients[number % len(clients)], person, path, f"Title {number}")
        read = await asyncio.gather(*(title(client, person, path) for client in clients))
        assert set(read) == {f"Title {number}"}


async def test_what_a_process_committed_before_it_was_killed_is_seen(
    fleet: Fleet, clients: list[httpx.AsyncClient]
) -> None:
    person, path = await new_plan(clients[0])
    others = clients[1:]
    for client in others * 2:
        await title(client, person, path)
    await fleet.arm(0)
    try:
        await rename(clients[0], person, path, "Second")
    except httpx.TransportError:
        pass
    else:
        raise AssertionError("the process outlived its commit")
    waited, began = 0.0, time.monotonic()
    while {await title(client, person, path) for client in others} != {"Second"}:
        assert waited <= SEEN_WITHIN
        await asyncio.sleep(LOOK_SECONDS)
        now = time.monotonic()
        # A turn counts for twice its pause at most: a busy machine reads late what came in time.
        waited += min(now - began, 2 * LOOK_SECONDS)
        began = now
    await fleet.up()
