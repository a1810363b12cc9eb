import datetime as dt

import httpx
import msgspec
import pytest
from litestar import Litestar

from fixtures.people import Join, sign_up

SINCE = {"since": (dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).isoformat()}


@pytest.mark.parametrize("query", [{"since": "2026-01-01T00:00:00"}, {"since": "yesterday"}, {}])
async def test_an_export_asks_for_a_moment_with_its_zone(
    asgi: httpx.AsyncClient, make_admin: Join, query: dict[str, str]
) -> None:
    admin = await make_admin(asgi)
    for path in ("/v1/audit-events/export", "/v1/audit-events"):
        if not query and not path.endswith("export"):
            continue
        answer = await asgi.get(path, params=query, headers=admin.headers)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == "/since"


async def test_an_export_holds_every_event_of_its_time_once_the_oldest_first(
    app: Litestar, asgi: httpx.AsyncClient, make_admin: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bedplate.domains.audit.export.BATCH", 7)  # more than one batch of the few there are
    admin = await make_admin(asgi)
    for _ in range(5):
        await sign_up(asgi)
    answer = await asgi.get("/v1/audit-events/export", params=SINCE, headers=admin.headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    events = [msgspec.json.decode(line) for line in answer.content.splitlines()]
    ids = [event["id"] for event in events]
    assert len(ids) > 14
    assert ids == sorted(set(ids))
    one = await asgi.get(f"/v1/audit-events/{ids[0]}", headers=admin.headers)
    assert one.json() == events[0]
    # The export itself is on record, with what was asked.
    (export,) = (
        await asgi.get(
            f"/v1/audit-events?type=audit.exported&actor_id={admin.user_id}", headers=admin.headers
        )
    ).json()["items"]
    assert export["data"]["since"].startswith(SINCE["since"][:19])


async def test_an_export_is_narrowed_and_bounded(asgi: httpx.AsyncClient, make_admin: Join) -> None:
    admin = await make_admin(asgi)
    query = {**SINCE, "type": "session.created", "subject_id": admin.user_id}
    answer = await asgi.get("/v1/audit-events/export", params=query, headers=admin.headers)
    lines = answer.content.splitlines()
    assert [msgspec.json.decode(line)["type"] for line in lines] == ["session.created"]
    nothing = {**SINCE, "resource": "no:such"}
    empty = await asgi.get("/v1/audit-events/export", params=nothing, headers=admin.headers)
    assert (empty.status_code, empty.content) == (200, b"")
    for faulty in (
        {"since": "2020-01-01T00:00:00Z"},
        {"since": "2999-01-01T00:00:00Z"},
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
    ):
        refused = await asgi.get("/v1/audit-events/export", params=faulty, headers=admin.headers)
        assert refused.status_code == 422
    person = await sign_up(asgi)
    refused = await asgi.get("/v1/audit-events/export", params=SINCE, headers=person.headers)
    assert refused.status_code == 403


async def test_the_trail_is_searched(asgi: httpx.AsyncClient, make_admin: Join, join: Join) -> None:
    admin, person = await make_admin(asgi), await join(asgi)
    made = await asgi.post("/v1/teams", json={"name": "Crew"}, headers=person.headers)
    team_id = made.json()["id"]

    async def found(**query: str) -> list[str]:
        answer = await asgi.get("/v1/audit-events", params=query, headers=admin.headers)
        return [event["type"] for event in answer.json()["items"]]

    assert await found(team_id=team_id) == ["team.created"]
    assert await found(resource=f"team:{team_id}") == ["team.created"]
    assert await found(actor_id=person.user_id, type="team.created", limit="1") == ["team.created"]
    assert await found(team_id=team_id, until=SINCE["since"]) == []
    (event,) = (await asgi.get(f"/v1/audit-events?team_id={team_id}", headers=admin.headers)).json()["items"]
    assert event["actor_id"] == person.user_id
    assert event["request_id"] == made.headers["x-request-id"]
    assert event["address"] == "127.0.0.1"
    assert event["session_id"] is not None
