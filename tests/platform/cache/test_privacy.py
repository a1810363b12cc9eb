"""Nobody is told what is another's, whatever he asks and however: requests are drawn, not chosen."""

from dataclasses import dataclass

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import TEAMS, USERS, Process, Start

WORDS = ["", "a", "b", "a&b", "a=b", "%2F", "/", "?", "%00", "ä"]
PATHS = ["/mine", "/team", "/mine/", "/team/", "//mine"]
HEADERS = {
    "Accept": ["*/*", "text/plain", "application/json"],
    "Accept-Encoding": ["identity", "gzip", "br, zstd", "gzip;q=0", "*"],
    "Accept-Language": ["de", "en"],
    "Authorization": ["Bearer one", "Bearer two", "Basic b25lOnR3bw=="],
    "Cookie": ["session=one", "session=two"],
    "Cache-Control": ["no-cache", "max-age=0", "no-store", "only-if-cached"],
    "Pragma": ["no-cache"],
    "Host": ["a.test", "b.test"],
    "If-None-Match": ["*", '"x"'],
    "Origin": ["https://a.test", "null"],
    "Range": ["bytes=0-1"],
    "Vary": ["*"],
    "X-Forwarded-Host": ["b.test"],
    "X-Forwarded-For": ["192.0.2.1"],
    "X-Original-Url": ["/team"],
    "X-HTTP-Method-Override": ["POST"],
}


@dataclass(frozen=True)
class Asked:
    """A request, and whose it is: a user and perhaps a team, or nobody."""

    who: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]


TEAM, ROLE = st.sampled_from(["", "0", "1"]), st.sampled_from(["", "admin"])
callers = st.one_of(st.just(""), st.builds("{},{},{}".format, st.sampled_from("01"), TEAM, ROLE))
queries = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)), max_size=3).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
headers = st.lists(
    st.sampled_from(sorted(HEADERS)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(HEADERS[name]))
    ),
    max_size=3,
).map(tuple)
requests = st.builds(Asked, callers, st.sampled_from(PATHS), queries, headers)


@pytest.fixture
async def process(start: Start) -> Process:
    return await start()


@given(st.lists(requests, min_size=1, max_size=8))
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_nobody_is_told_what_is_not_his(process: Process, asked: list[Asked]) -> None:
    for request in asked:
        await ask(process, request)


async def ask(process: Process, asked: Asked) -> None:
    """Ask, and hold the answer against who asked for what."""
    url = httpx.URL(f"http://a.test{asked.path}?{asked.query}")
    caller = [("X-Who", asked.who)] if asked.who else []
    answer = await process.client.get(url, headers=[*caller, *asked.headers])
    if answer.status_code in {304, 404}:
        return
    assert answer.status_code == 200, answer.text
    value, path, query, role, whose = answer.text.split(" ")
    assert (value, path, query) == ("first", "/" + url.path.strip("/"), url.query.decode())
    user, team, asked_role = asked.who.split(",") if asked.who else ("", "", "")
    assert role == asked_role
    if not asked.who:
        assert whose == "nobody"
        return
    told_user, told_team = whose.split(",")
    assert told_team == (str(TEAMS[int(team)]) if team else "None")
    if path == "/mine" or not team:
        assert told_user == str(USERS[int(user)])


async def test_a_304_is_given_to_who_has_what_he_may_have(process: Process) -> None:
    first = await process.client.get("/mine", headers={"X-Who": "0"})
    other = await process.client.get("/mine", headers={"X-Who": "1", "If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    assert str(USERS[1]) in other.text
