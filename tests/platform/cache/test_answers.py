import asyncio

import pytest

from .conftest import TEAMS, USERS, Start, Work


async def test_an_answer_is_made_once_and_says_its_age(start: Start) -> None:
    process = await start()
    first = await process.client.get("/public/a")
    second = await process.client.get("/public/a")
    assert (first.text, process.work.calls) == (second.text, 1)
    assert second.headers["etag"] == first.headers["etag"]
    assert second.headers["cache-control"] == "public, no-cache"
    assert int(second.headers["age"]) >= 0


async def test_who_has_it_is_told_so(start: Start) -> None:
    process = await start()
    etag = (await process.client.get("/public/a")).headers["etag"]
    answer = await process.client.get("/public/a", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    other = await process.client.get("/public/a", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200
    first_of_all = await process.client.get("/public/b", headers={"If-None-Match": etag})
    assert first_of_all.status_code == 200


@pytest.mark.parametrize("path", ["/mine", "/team"])
async def test_nobody_gets_what_is_not_his(start: Start, path: str) -> None:
    process = await start()
    callers = ["0,0", "1,1", "2", "0,1", ""]
    for _ in range(2):
        for caller in callers:
            answer = await process.client.get(path, headers={"X-Who": caller})
            user, _, team = caller.partition(",")
            told = f"{USERS[int(user)]},{TEAMS[int(team)] if team else None}" if caller else "nobody"
            if path == "/team" and team:
                assert answer.text.endswith(f",{TEAMS[int(team)]}")
            elif path == "/team" or not caller:
                assert answer.text.endswith(told)
            else:
                assert str(USERS[int(user)]) in answer.text


async def test_a_team_shares_its_answer(start: Start) -> None:
    process = await start()
    await process.client.get("/team", headers={"X-Who": "0,1"})
    await process.client.get("/team", headers={"X-Who": "1,1"})
    assert process.work.calls == 1


async def test_path_query_host_and_declared_headers_tell_entries_apart(start: Start) -> None:
    process = await start()
    wanted = [
        ("/public/x?q=1", {}),
        ("/public/xq=1", {}),
        ("/public/x?q=2", {}),
        ("/public/x?q=1", {"Host": "b.test"}),
        ("/language", {"Accept-Language": "de"}),
        ("/language", {"Accept-Language": "en"}),
        ("/language", {}),
    ]
    for path, headers in wanted * 2:
        await process.client.get(path, headers=headers)
    assert process.work.calls == len(wanted)


async def test_guards_stand_before_a_kept_answer(start: Start) -> None:
    process = await start()
    await process.client.get("/public/a")
    answer = await process.client.get("/public/a", headers={"X-Barred": "yes"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "no-store"},
        {"Cache-Control": "private"},
        {"Vary": "X-Something"},
        {"Vary": "*"},
        {"Content-Encoding": "x-odd"},
    ],
)
async def test_what_may_not_be_kept_is_not(start: Start, headers: dict[str, str]) -> None:
    process = await start(Work(headers=headers))
    for _ in range(2):
        assert (await process.client.get("/public/a")).status_code == 200
    assert process.work.calls == 2


async def test_a_cookie_goes_to_nobody(start: Start) -> None:
    process = await start(Work(headers={"Set-Cookie": "secret=1"}))
    answers = [await process.client.get("/public/a") for _ in range(2)]
    assert [answer.headers.get("set-cookie") for answer in answers] == [None, None]
    assert process.work.calls == 1


@pytest.mark.parametrize("headers", [{"Cache-Control": "no-store"}, {"Range": "bytes=0-1"}])
async def test_a_request_may_pass_the_cache_by(start: Start, headers: dict[str, str]) -> None:
    process = await start()
    for _ in range(2):
        await process.client.get("/public/a", headers=headers)
    assert process.work.calls == 2


async def test_a_failure_is_not_kept_and_an_older_answer_stands_in(start: Start) -> None:
    process = await start(ttl=0.05, stale_if_error=60.0)
    good = await process.client.get("/public/a")
    process.work.fails = True
    async with asyncio.timeout(60):
        while process.work.calls == 1:
            answer = await process.client.get("/public/a")
    assert (answer.status_code, answer.text) == (200, good.text)
    assert (await process.client.get("/public/never-good")).status_code == 503


async def test_a_stale_answer_is_given_while_one_makes_it_anew(start: Start) -> None:
    process = await start(ttl=0.05, swr=60.0)
    await process.client.get("/public/a")
    process.work.value = "second"
    process.work.gate.clear()
    async with asyncio.timeout(60):
        while process.work.calls == 1:
            assert (await process.client.get("/public/a")).text.startswith("first")
    assert (await process.client.get("/public/a")).text.startswith("first")
    assert process.work.calls == 2
    process.work.gate.set()
    async with asyncio.timeout(60):
        while (await process.client.get("/public/a")).text.startswith("first"):
            pass


async def test_who_asks_whether_it_changed_makes_an_answer_for_all(start: Start) -> None:
    process = await start()
    who = {"X-Who": "0"}
    etag = (await process.client.get("/versioned", headers=who)).headers["etag"]
    await process.cache.bump(["versioned"])
    asking = {**who, "If-None-Match": etag}
    # The handler itself would have answered 304, which is nothing to keep.
    answers = [await process.client.get("/versioned", headers=headers) for headers in (asking, who, asking)]
    assert [answer.status_code for answer in answers] == [304, 200, 304]
    assert answers[1].text == "first"
    assert process.work.calls == 2


async def test_who_has_what_is_not_kept_is_told_so(start: Start) -> None:
    process = await start()
    etag = (await process.client.get("/unkept")).headers["etag"]
    for _ in range(2):
        assert (await process.client.get("/unkept", headers={"If-None-Match": etag})).status_code == 304
    assert (await process.client.get("/unkept", headers={"If-None-Match": '"2"'})).status_code == 200
    assert process.work.calls == 4
