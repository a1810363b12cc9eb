"""Backup and restore, rehearsed by the command line on real servers."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar

from bedplate.platform.db import backup as backups
from bedplate.platform.db.programs import BackupError, find_programs
from bedplate.platform.db.urls import with_database
from bedplate.settings import Secret, Settings
from fixtures.apps import calling, running
from fixtures.cli import Ended, call
from fixtures.people import PASSWORD, Join, log_in
from fixtures.servers import TestServers
from fixtures.service import environment_of


def with_tools(servers: TestServers) -> None:
    async def major() -> int:
        connection = await asyncpg.connect(servers.superuser_url)
        try:
            return int(connection.get_server_version().major)
        finally:
            await connection.close()

    try:
        find_programs(asyncio.run(major()))
    except BackupError as error:
        pytest.skip(str(error))  # the run's server is newer than every pg_dump of this machine


@pytest.fixture(scope="module")
def servers() -> TestServers:
    found = TestServers.from_environment()
    with_tools(found)
    return found


@pytest.fixture(scope="module")
def empty(servers: TestServers, settings: Settings, worker_id: str) -> Settings:
    """Settings of a new, empty database of the run's server."""
    name = f"{servers.prefix}_restored_{worker_id}"
    asyncio.run(create(servers, name))
    return msgspec.structs.replace(
        settings,
        database=msgspec.structs.replace(
            settings.database,
            url=Secret(with_database(settings.database.url.reveal(), name)),
            owner_url=Secret(with_database(settings.database.owner_url.reveal(), name)),
        ),
    )


async def create(servers: TestServers, name: str) -> None:
    superuser, owner = await asyncpg.connect(servers.superuser_url), await asyncpg.connect(servers.owner_url)
    try:
        role = await owner.fetchval("select quote_ident(current_user)")
        await superuser.execute(f"create database {name} template template0 owner {role}")
    finally:
        await owner.close()
        await superuser.close()


async def run(settings: Settings, *arguments: str) -> Ended:
    return await asyncio.to_thread(call, "db", *arguments, environment=environment_of(settings))


def start(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As an operator does, from anywhere."""
    command = [sys.executable, "-m", "bedplate", "db", *arguments]
    return subprocess.run(
        command, env=environment_of(settings), capture_output=True, text=True, check=False, cwd="/"
    )


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_restored_backup_is_equal_and_the_service_starts_on_it(
    app: Litestar,
    asgi: httpx.AsyncClient,
    join: Join,
    settings: Settings,
    empty: Settings,
    servers: TestServers,
    tmp_path: Path,
) -> None:
    person = await join(asgi)
    plan = {"key": "kept", "title": "Ünïcode"}
    made = await asgi.post("/v1/plans", json=plan, headers=person.headers)
    assert made.status_code == 201, made.text
    file = tmp_path / "bedplate.dump"

    done = await asyncio.to_thread(start, settings, "backup", str(file))
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    verified = await run(settings, "verify", str(file), "--server", servers.superuser_url)
    assert verified.exit_code == 0, verified.stderr
    left = "select count(*) from pg_database where datname like 'bedplate\\_verify\\_%'"
    assert await ask(servers.superuser_url, left) == 0

    restored = await run(empty, "restore", str(file))
    assert restored.exit_code == 0, restored.stderr
    manifest = backups.read_manifest(file)
    assert await backups.fingerprint_of(empty.database.owner_url.reveal()) == manifest.tables
    assert manifest.tables["public.account"].rows >= 1
    assert (await run(empty, "status")).exit_code == 0

    again = await run(empty, "restore", str(file))
    assert again.exit_code == 2
    assert "empty one" in again.stderr

    async with running(empty) as service, calling(service) as client:
        back = await log_in(client, person.email, PASSWORD)
        found = await client.get(f"/v1/plans/{made.json()['id']}", headers=back.headers)
        assert found.json()["title"] == "Ünïcode"


async def test_the_applications_role_still_cannot_delete_an_audit_event(
    settings: Settings, empty: Settings
) -> None:
    if settings.database.url == settings.database.owner_url:
        pytest.skip("the run's servers were given with one role for all")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(empty.database.url.reveal(), "delete from audit_event")


@pytest.fixture(scope="module")
def taken(settings: Settings, servers: TestServers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backup") / "one.dump"
    asyncio.run(backups.back_up(settings.database.owner_url.reveal(), file))
    return file


def copy_of(taken: Path, folder: Path) -> Path:
    for path in (taken, backups.beside(taken)):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder / taken.name


async def test_a_backup_whose_rows_differ_is_not_trusted(
    taken: Path, servers: TestServers, tmp_path: Path
) -> None:
    file = copy_of(taken, tmp_path)
    manifest = backups.read_manifest(file)
    role = manifest.tables["public.role"]
    tables = {**manifest.tables, "public.role": msgspec.structs.replace(role, checksum="1")}
    backups.beside(file).write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, tables=tables)))
    with pytest.raises(BackupError, match="public.role differs"):
        await backups.verify(servers.superuser_url, file)


def test_a_damaged_file_is_refused_before_anything_is_restored(taken: Path, tmp_path: Path) -> None:
    file = copy_of(taken, tmp_path)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BackupError, match="SHA-256"):
        backups.read_manifest(file)


async def test_a_server_without_the_applications_role_is_left_empty(
    taken: Path, servers: TestServers, worker_id: str
) -> None:
    name = f"{servers.prefix}_roleless_{worker_id}"
    await create(servers, name)
    target = with_database(servers.owner_url, name)
    with pytest.raises(BackupError, match='no role "nobody_here"'):
        await backups.restore(target, "postgresql://nobody_here@/", taken)
    assert await ask(target, "select count(*) from pg_tables where schemaname = 'public'") == 0


async def test_a_backup_is_never_overwritten(taken: Path, settings: Settings) -> None:
    with pytest.raises(BackupError, match="there already"):
        await backups.back_up(settings.database.owner_url.reveal(), taken)


def test_a_server_newer_than_every_program_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    with pytest.raises(BackupError, match="postgresql-client-99"):
        find_programs(99)


async def test_a_role_that_may_not_create_databases_is_told_of_the_option(
    taken: Path, settings: Settings, servers: TestServers
) -> None:
    owner = await asyncpg.connect(servers.owner_url)
    may = await owner.fetchval("select rolcreatedb or rolsuper from pg_roles where rolname = current_user")
    await owner.close()
    if may:
        pytest.skip("the run's servers were given with an owner who may create databases")
    with pytest.raises(BackupError, match="--server"):
        await backups.verify(settings.database.owner_url.reveal(), taken)
