"""Row 21: the last owner of a team, the last administrator of the service."""

import asyncio

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from fixtures.people import Join, Person
from fixtures.sharing import add_member, new_team

pytestmark = pytest.mark.security
# Often enough that two who collide are seen; many times over each night.
ROUNDS = [3, pytest.param(30, marks=pytest.mark.nightly)]


async def owners(client: httpx.AsyncClient, team_id: str, person: Person) -> list[str]:
    answer = await client.get(f"/v1/teams/{team_id}/members?role=owner", headers=person.headers)
    return [member["user_id"] for member in answer.json()["items"]]


async def test_row_21_the_last_owner_is_neither_demoted_removed_nor_leaves(
    app: Litestar, asgi: httpx.AsyncClient, make_admin: Join, join: Join
) -> None:
    admin, owner, editor = await make_admin(asgi), await join(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    await add_member(app, asgi, team_id, owner, editor, "editor")
    path = f"/v1/teams/{team_id}"
    refused = [
        await asgi.patch(f"{path}/members/{owner.user_id}", json={"role": "viewer"}, headers=owner.headers),
        await asgi.delete(f"{path}/members/{owner.user_id}", headers=owner.headers),
        await asgi.delete(f"{path}/membership", headers=owner.headers),
        await asgi.delete(f"/v1/users/{owner.user_id}", headers=admin.headers),
    ]
    assert {(a.status_code, a.json()["code"]) for a in refused} == {(409, "last_owner")}
    assert await owners(asgi, team_id, editor) == [owner.user_id]


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("way", ["demote", "leave", "both"])
async def test_row_21_two_owners_who_go_at_once_leave_one(
    app: Litestar, asgi: httpx.AsyncClient, client: httpx.AsyncClient, join: Join, way: str, rounds: int
) -> None:
    first, second, witness = await join(asgi), await join(asgi), await join(asgi)
    for _ in range(rounds):
        team_id = await new_team(asgi, first)
        await add_member(app, asgi, team_id, first, second, "owner")
        await add_member(app, asgi, team_id, first, witness, "viewer")
        path = f"/v1/teams/{team_id}"

        def go(who: Person, process: httpx.AsyncClient, path: str = path) -> asyncio.Future[httpx.Response]:
            leaves = way == "leave" or (way == "both" and who is first)
            if leaves:
                return asyncio.ensure_future(process.delete(f"{path}/membership", headers=who.headers))
            member = f"{path}/members/{who.user_id}"
            return asyncio.ensure_future(process.patch(member, json={"role": "viewer"}, headers=who.headers))

        answers = await asyncio.gather(go(first, asgi), go(second, client))
        assert sorted(answer.status_code // 100 for answer in answers) == [2, 4], answers
        assert len(await owners(asgi, team_id, witness)) == 1


async def only(app: Litestar, *administrators: Person) -> None:
    """Take the role from every administrator but these, as if the service had no others."""
    others = text(
        "delete from user_role using role where role.id = role_id and role.name = 'admin'"
        " and user_id != all(cast(:kept as uuid[]))"
    )
    async with app.state.database.transaction() as session:
        await session.execute(others, {"kept": [person.user_id for person in administrators]})


async def administrators(app: Litestar) -> int:
    living = text(
        "select count(*) from user_role join role on role.id = role_id join account on account.id = user_id"
        " where role.name = 'admin' and disabled_at is null and deleted_at is null"
    )
    async with app.state.database.transaction() as session:
        return int(await session.scalar(living) or 0)


async def test_row_21_the_last_administrator_stays_one(
    app: Litestar, asgi: httpx.AsyncClient, make_admin: Join
) -> None:
    admin = await make_admin(asgi)
    await only(app, admin)
    himself = f"/v1/users/{admin.user_id}"
    match = {**admin.headers, "If-Match": "*"}
    refused = [
        await asgi.patch(himself, json={"disabled": True}, headers=match),
        await asgi.patch(himself, json={"roles": []}, headers=match),
        await asgi.delete(f"{himself}/roles/admin", headers=admin.headers),
        await asgi.delete(himself, headers=admin.headers),
        await asgi.delete("/v1/me", headers=admin.headers),
    ]
    assert {(a.status_code, a.json()["code"]) for a in refused} == {(409, "last_administrator")}
    assert await administrators(app) == 1


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("way", ["withdraw", "disable", "delete", "close"])
async def test_row_21_two_administrators_who_go_at_once_leave_one(
    app: Litestar, asgi: httpx.AsyncClient, client: httpx.AsyncClient, make_admin: Join, way: str, rounds: int
) -> None:
    for _ in range(rounds):
        pair = [await make_admin(asgi), await make_admin(asgi)]
        await only(app, *pair)

        def go(
            by: Person, whom: Person, process: httpx.AsyncClient, way: str = way
        ) -> asyncio.Future[httpx.Response]:
            path, headers = f"/v1/users/{whom.user_id}", {**by.headers, "If-Match": "*"}
            coroutine = {
                "withdraw": lambda: process.delete(f"{path}/roles/admin", headers=headers),
                "disable": lambda: process.patch(path, json={"disabled": True}, headers=headers),
                "delete": lambda: process.delete(path, headers=headers),
                "close": lambda: process.delete("/v1/me", headers=by.headers),
            }[way]()
            return asyncio.ensure_future(coroutine)

        answers = await asyncio.gather(go(pair[0], pair[1], asgi), go(pair[1], pair[0], client))
        assert sorted(answer.status_code // 100 for answer in answers) == [2, 4], answers
        assert await administrators(app) == 1
