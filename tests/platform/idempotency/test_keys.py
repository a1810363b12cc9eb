import asyncio
import secrets

import httpx
from litestar import Litestar

from fixtures.people import Join, Person


def keyed(person: Person, key: str) -> dict[str, str]:
    return {**person.headers, "Idempotency-Key": key}


def plan() -> dict[str, str]:
    return {"key": f"plan-{secrets.token_hex(4)}", "title": "Plan"}


async def test_a_twin_gets_the_first_answer(asgi: httpx.AsyncClient, join: Join) -> None:
    person, body = await join(asgi), plan()
    first = await asgi.post("/v1/plans", json=body, headers=keyed(person, "one"))
    twin = await asgi.post("/v1/plans", json=body, headers=keyed(person, "one"))
    assert first.status_code == twin.status_code == 201
    assert twin.json() == first.json()
    assert twin.headers["location"] == first.headers["location"]
    assert twin.headers["etag"] == first.headers["etag"]
    assert twin.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len((await asgi.get("/v1/plans", headers=person.headers)).json()["items"]) == 1


async def test_parallel_twins_make_one_row(client: httpx.AsyncClient, join: Join) -> None:
    person, body = await join(client), plan()
    answers = await asyncio.gather(
        *(client.post("/v1/plans", json=body, headers=keyed(person, "many")) for _ in range(40))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused <= {"idempotency_key_in_flight"}
    assert len((await client.get("/v1/plans", headers=person.headers)).json()["items"]) == 1


async def test_a_key_belongs_to_one_request(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    await asgi.post("/v1/plans", json=plan(), headers=keyed(person, "same"))
    other = await asgi.post("/v1/plans", json=plan(), headers=keyed(person, "same"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_belongs_to_one_caller(asgi: httpx.AsyncClient, join: Join) -> None:
    body = plan()
    first = await asgi.post("/v1/plans", json=body, headers=keyed(await join(asgi), "shared"))
    second = await asgi.post("/v1/plans", json=body, headers=keyed(await join(asgi), "shared"))
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] != second.json()["id"]


async def test_a_refused_request_may_be_mended_and_sent_again(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    bad = await asgi.post("/v1/plans", json={"key": "NOT A KEY", "title": "x"}, headers=keyed(person, "mend"))
    assert bad.status_code == 422
    good = await asgi.post("/v1/plans", json=plan(), headers=keyed(person, "mend"))
    assert good.status_code == 201


async def test_an_unfit_key_is_refused(asgi: httpx.AsyncClient, join: Join) -> None:
    answer = await asgi.post("/v1/plans", json=plan(), headers=keyed(await join(asgi), "x" * 256))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/Idempotency-Key")


async def test_a_secret_is_never_stored(app: Litestar, asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    body = {"name": "ci", "scopes": ["plans:read"]}
    first = await asgi.post("/v1/api-keys", json=body, headers=keyed(person, "secret"))
    second = await asgi.post("/v1/api-keys", json=body, headers=keyed(person, "secret"))
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] != second.json()["id"]
    count = "select count(*) from idempotency_key where key = 'secret'"
    assert (await app.state.database.reads.fetchrow(count))[0] == 0


async def test_an_import_with_a_key_is_one_job(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    made = (await asgi.post("/v1/plans", json=plan(), headers=person.headers)).json()["id"]
    headers = {**keyed(person, "import"), "Content-Type": "text/markdown"}
    first = await asgi.post(f"/v1/plans/{made}/imports", content=b"# Plan - One\n", headers=headers)
    twin = await asgi.post(f"/v1/plans/{made}/imports", content=b"# Plan - One\n", headers=headers)
    assert first.status_code == twin.status_code == 202
    assert twin.headers["location"] == first.headers["location"]
