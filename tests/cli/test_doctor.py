"""`bedplate doctor` looks at settings, servers, migrations, clocks and proxies, and says what to do."""

import datetime as dt

import msgspec
import pytest
from redis.exceptions import ResponseError

from bedplate.cli import live
from bedplate.cli.checks import examine
from bedplate.platform.cache.metrics import REQUESTS as CACHED
from bedplate.platform.db import Database
from bedplate.platform.telemetry.listener import listen
from bedplate.platform.telemetry.scrape import metrics_handler
from bedplate.settings import Secret
from bedplate.settings.http import HttpSettings
from bedplate.settings.redis import RedisSettings
from bedplate.settings.service import ServiceSettings


@pytest.fixture
def look(settings):
    async def find(**changes):
        found = await examine(msgspec.structs.replace(settings, **changes))
        return [(one.what, one.state) for one in found], found

    return find


async def test_everything_is_looked_at(look):
    states, found = await look()
    assert {"settings", "PostgreSQL", "connections", "migrations", "Redis", "clock", "proxies"} <= dict(
        states
    ).keys()
    assert ("migrations", "ok") in states
    assert [one.says.rpartition(" ")[2] for one in found if one.what == "clock"] == [
        "PostgreSQL's",
        "Redis's",
    ]
    assert [one for one in found if one.state == "fault"] == []


async def test_a_server_that_is_away_is_a_fault_with_a_remedy(look):
    _, found = await look(redis=RedisSettings(url=Secret("redis://127.0.0.1:9")))
    (fault,) = [one for one in found if one.state == "fault"]
    assert fault.what == "Redis"
    assert "BEDPLATE_REDIS_URL" in fault.remedy


async def test_months_of_the_audit_trail_that_are_not_made_are_worth_a_warning(look, monkeypatch):
    assert ("audit months", "ok") in (await look())[0]
    monkeypatch.setattr("bedplate.cli.checks.LEAST_AHEAD", dt.timedelta(days=200))
    states, found = await look()
    assert ("audit months", "warning") in states
    assert "bedplate audit months --make" in next(one.remedy for one in found if one.what == "audit months")


async def test_production_without_trusted_proxies_is_worth_a_warning(look):
    production = ServiceSettings(environment="production")
    assert ("proxies", "warning") in (await look(service=production))[0]
    behind = HttpSettings(public_url="https://api.team.example", trusted_proxies=("10.0.0.0/8",))
    assert ("proxies", "ok") in (await look(service=production, http=behind))[0]


async def test_a_server_that_hides_its_configuration_is_well(look, monkeypatch):
    async def refuse(*_: object) -> None:
        raise ResponseError("unknown command 'CONFIG'")

    monkeypatch.setattr("redis.asyncio.Redis.config_get", refuse)
    _, found = await look()
    assert [one.state for one in found if one.what == "Redis"] == ["ok", "warning"]


async def test_sentinels_that_are_away_are_told_as_such(look):
    _, found = await look(redis=RedisSettings(url=Secret("redis+sentinel://127.0.0.1:9/service/0")))
    (fault,) = [one for one in found if one.state == "fault"]
    assert (fault.what, "ValueError" in fault.says) == ("Redis", False)


DEAD = """
insert into job (id, task, queue, payload, state, available_at, max_attempts, ended_at)
values (gen_random_uuid(), 'test.gone', 'default', '{}', 'dead', now(), 1, now()) returning id
"""


async def test_dead_letters_and_a_lack_of_workers_are_told(look, settings):
    database = Database(settings.database)
    async with database.lifespan():
        row = await database.reads.fetchrow(DEAD)
        try:
            _, found = await look()
        finally:
            await database.reads.fetch("delete from job where id = $1", row[0])
    told = {one.what: one for one in found}
    assert told["dead letters"].state == "warning"
    assert "bedplate jobs retry" in told["dead letters"].remedy
    assert "alive" in told["workers"].says


async def test_the_hit_rate_is_that_of_the_api_that_runs_here(look, settings):
    CACHED("GET /v1/doctor", "hit").inc(3)
    async with listen("127.0.0.1", 0, {"/metrics": metrics_handler}) as port:
        telemetry = msgspec.structs.replace(settings.telemetry, metrics_port=port)
        _, found = await look(telemetry=telemetry)
    (says,) = [one.says for one in found if one.what == "cache"]
    assert says.endswith("requests answered from it")
    assert "no API answers here" in str((await look(telemetry=telemetry))[1])


def test_what_was_answered_from_the_cache_is_counted_by_result():
    name = "bedplate_cache_requests"
    told = (("/a", "hit", 3), ("/a", "miss", 1), ("/b", "hit", 2))
    lines = (f'{name}_total{{route="{route}",result="{result}"}} {count}' for route, result, count in told)
    assert live.results("\n".join((f"# TYPE {name} counter", *lines, ""))) == {"hit": 5, "miss": 1}
