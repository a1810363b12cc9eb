import httpx

from fixtures.people import Join
from fixtures.sharing import etag_of, new_team


async def test_a_team_is_made_read_renamed_and_deleted(asgi: httpx.AsyncClient, join: Join) -> None:
    owner = await join(asgi)
    made = await asgi.post("/v1/teams", json={"name": "Crew"}, headers=owner.headers)
    assert made.status_code == 201
    path = made.headers["location"]
    read = await asgi.get(path, headers=owner.headers)
    assert read.json() == made.json()
    assert (read.json()["role"], read.json()["personal"]) == ("owner", False)
    again = await asgi.get(path, headers={**owner.headers, "If-None-Match": read.headers["etag"]})
    assert again.status_code == 304

    assert (await asgi.patch(path, json={"name": "X"}, headers=owner.headers)).status_code == 428
    renamed = await asgi.patch(path, json={"name": "Band"}, headers=await etag_of(asgi, path, owner))
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Band")
    stale = {**owner.headers, "If-Match": read.headers["etag"]}
    assert (await asgi.patch(path, json={"name": "X"}, headers=stale)).status_code == 412

    assert (await asgi.delete(path, headers=owner.headers)).status_code == 204
    assert (await asgi.get(path, headers=owner.headers)).status_code == 404


async def test_one_lists_ones_own_teams_only(asgi: httpx.AsyncClient, join: Join) -> None:
    owner, stranger = await join(asgi), await join(asgi)
    names = ["A", "B", "C"]
    for name in names:
        await new_team(asgi, owner, name)
    first = await asgi.get("/v1/teams?limit=2&sort=name&personal=false", headers=owner.headers)
    assert [team["name"] for team in first.json()["items"]] == names[:2]
    rest = await asgi.get(first.links["next"]["url"], headers=owner.headers)
    assert [team["name"] for team in rest.json()["items"]] == names[2:]
    mine = (await asgi.get("/v1/teams", headers=stranger.headers)).json()["items"]
    assert [team["id"] for team in mine] == [stranger.team_id]


async def test_a_personal_team_is_neither_deleted_left_nor_shared(
    asgi: httpx.AsyncClient, join: Join
) -> None:
    person = await join(asgi)
    path = f"/v1/teams/{person.team_id}"
    refused = [
        await asgi.delete(path, headers=person.headers),
        await asgi.delete(f"{path}/membership", headers=person.headers),
        await asgi.delete(f"{path}/members/{person.user_id}", headers=person.headers),
        await asgi.post(f"{path}/invitations", json={"email": "a@team.example"}, headers=person.headers),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(409, "personal_team")}
    renamed = await asgi.patch(path, json={"name": "Mine"}, headers=await etag_of(asgi, path, person))
    assert renamed.status_code == 200


async def test_a_strangers_team_does_not_exist(asgi: httpx.AsyncClient, join: Join) -> None:
    owner, stranger = await join(asgi), await join(asgi)
    path = f"/v1/teams/{await new_team(asgi, owner)}"
    match = {**stranger.headers, "If-Match": "*"}
    answers = [
        await asgi.get(path, headers=stranger.headers),
        await asgi.patch(path, json={"name": "X"}, headers=match),
        await asgi.delete(path, headers=stranger.headers),
        await asgi.get(f"{path}/members", headers=stranger.headers),
        await asgi.get(f"{path}/members/{owner.user_id}", headers=stranger.headers),
        await asgi.patch(f"{path}/members/{owner.user_id}", json={"role": "viewer"}, headers=match),
        await asgi.delete(f"{path}/members/{owner.user_id}", headers=stranger.headers),
        await asgi.delete(f"{path}/membership", headers=stranger.headers),
        await asgi.get(f"{path}/invitations", headers=stranger.headers),
        await asgi.post(f"{path}/invitations", json={"email": "a@team.example"}, headers=stranger.headers),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
