"""`bedplate doctor` looks at settings, servers, migrations, clocks and proxies, and says what to do."""

import msgspec
import pytest
from redis.exceptions import ResponseError

from bedplate.cli.checks import examine
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
