import httpx
from litestar import Litestar

from fixtures.people import Join
from fixtures.sharing import add_member, new_team


async def test_members_are_listed_appointed_and_removed(
    app: Litestar, asgi: httpx.AsyncClient, join: Join
) -> None:
    owner, member = await join(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    await add_member(app, asgi, team_id, owner, member, "viewer")
    path = f"/v1/teams/{team_id}/members"
    listed = (await asgi.get(path, headers=member.headers)).json()["items"]
    assert [(m["email"], m["role"]) for m in listed] == [(owner.email, "owner"), (member.email, "viewer")]
    only = (await asgi.get(f"{path}?role=viewer", headers=member.headers)).json()["items"]
    assert [m["user_id"] for m in only] == [member.user_id]

    one = f"{path}/{member.user_id}"
    changed = await asgi.patch(one, json={"role": "editor"}, headers=owner.headers)
    assert (changed.status_code, changed.json()["role"]) == (200, "editor")
    assert (await asgi.get(one, headers=member.headers)).json() == changed.json()
    assert (await asgi.delete(one, headers=owner.headers)).status_code == 204
    assert (await asgi.get(path, headers=member.headers)).status_code == 404


async def test_who_is_no_owner_changes_nobody_but_may_leave(
    app: Litestar, asgi: httpx.AsyncClient, join: Join
) -> None:
    owner, editor, viewer = await join(asgi), await join(asgi), await join(asgi)
    team_id = await new_team(asgi, owner)
    await add_member(app, asgi, team_id, owner, editor, "editor")
    await add_member(app, asgi, team_id, owner, viewer, "viewer")
    path = f"/v1/teams/{team_id}"
    for person in (editor, viewer):
        refused = [
            await asgi.patch(
                f"{path}/members/{person.user_id}", json={"role": "owner"}, headers=person.headers
            ),
            await asgi.delete(f"{path}/members/{owner.user_id}", headers=person.headers),
            await asgi.get(f"{path}/invitations", headers=person.headers),
            await asgi.patch(path, json={"name": "X"}, headers={**person.headers, "If-Match": "*"}),
            await asgi.delete(path, headers=person.headers),
        ]
        assert {(a.status_code, a.json()["code"]) for a in refused} == {(403, "team_role_too_low")}
    assert (await asgi.delete(f"{path}/membership", headers=viewer.headers)).status_code == 204
    itself = f"{path}/members/{editor.user_id}"
    assert (await asgi.delete(itself, headers=editor.headers)).status_code == 204
