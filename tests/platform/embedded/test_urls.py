import subprocess

import asyncpg
import pytest
import redis
import redis.asyncio
from sqlalchemy.ext.asyncio import create_async_engine

from bedplate.platform.embedded.binaries import find_binaries

EXTENSIONS = ("citext", "pg_trgm", "btree_gist", "unaccent", "pg_stat_statements")


def test_each_url_is_its_role(urls, ask):
    who = "SELECT current_user || ' ' || current_database()"
    assert ask(urls.database_url, who) == "bedplate bedplate"
    assert ask(urls.owner_url, who) == "bedplate_owner bedplate"
    assert ask(urls.superuser_url, who) == "postgres postgres"


def test_only_the_superuser_is_one(urls, ask):
    supers = "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolsuper AND rolcanlogin"
    assert ask(urls.superuser_url, supers) == "postgres"


def test_the_application_may_not_create_tables(urls, ask):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(urls.database_url, "CREATE TABLE mine ()")


def test_the_owner_may_create_what_migrations_use(urls, ask):
    for extension in EXTENSIONS:
        ask(urls.owner_url, f"CREATE EXTENSION IF NOT EXISTS {extension}")
    assert ask(urls.owner_url, "SELECT count(*) >= 0 FROM pg_stat_statements")


def test_the_superuser_clones_the_database(urls, ask):
    ask(urls.superuser_url, "CREATE DATABASE clone TEMPLATE bedplate OWNER bedplate_owner")
    clone = urls.owner_url.replace("@/bedplate?", "@/clone?")
    assert ask(clone, "SELECT current_database()") == "clone"


def test_text_is_unicode_without_a_system_locale(urls, ask):
    assert ask(urls.database_url, "SELECT upper('éß') || current_setting('server_encoding')") == "ÉßUTF8"


def test_nothing_listens_on_the_network(engines, urls, ask):
    assert ask(urls.database_url, "SHOW listen_addresses") == ""
    with redis.from_url(urls.redis_url) as client:
        assert client.config_get("port") == {"port": "0"}
    assert engines.postgres.home.sockets.stat().st_mode & 0o077 == 0


async def test_sqlalchemy_takes_the_url(urls):
    engine = create_async_engine(urls.database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT current_user")).scalar() == "bedplate"
    await engine.dispose()


def test_psql_takes_the_url(engines, urls):
    psql = find_binaries().postgres / "psql"
    done = subprocess.run(
        [psql, "-XAtc", "SELECT current_user", urls.database_url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "bedplate\n"


async def test_redis_takes_the_url_and_never_evicts(urls):
    async with redis.asyncio.from_url(urls.redis_url) as client:
        assert await client.incr("count") == 1
    with redis.from_url(urls.redis_url) as client:
        settings = client.config_get("maxmemory-policy", "appendonly")
    assert settings == {"maxmemory-policy": "noeviction", "appendonly": "yes"}
