"""`bedplate doctor` looks at settings, servers, migrations, clocks and proxies, and says what to do."""

import msgspec
import pytest

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
