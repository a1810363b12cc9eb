"""Backups in pg_dump's custom format, with a manifest of what they must hold."""

import asyncio
import hashlib
import secrets
from pathlib import Path
from typing import Any, cast

import asyncpg
import msgspec

from bedplate.platform.db.connecting import connect_unhurried
from bedplate.platform.db.fingerprint import TableFingerprint, fingerprint
from bedplate.platform.db.migrate import apply_roles, role_of
from bedplate.platform.db.pool import Connection
from bedplate.platform.db.programs import BackupError, find_programs, run_program
from bedplate.platform.db.urls import with_database
from bedplate.platform.revisions import current

_KNOWN = """
select version_num, pg_export_snapshot(), array(
  select e.extname::text from pg_extension e join pg_available_extension_versions v
  on v.name = e.extname and v.version = e.extversion where v.trusted and e.extname <> 'plpgsql')
from alembic_version
"""
_ROLE = "select exists (select from pg_roles where rolname = $1)"
_TABLES = "select count(*) from pg_tables where schemaname = 'public'"
# Who owns what and who may do what is the target's own: its owner restores, `roles.sql` grants.
_PLAIN = ("--no-owner", "--no-privileges", "--no-comments")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a backup: `FILE.json`."""

    revision: str
    postgres: int
    sha256: str
    tables: dict[str, TableFingerprint]


async def back_up(url: str, file: Path) -> Manifest:
    """Dump a database, and count and sum its tables in the same snapshot; writers are not held up.

    Raises:
        BackupError: the file is there already, or pg_dump does not fit or fails.
    """
    if await current(url) is None:
        raise BackupError("The database has no tables of ours; check BEDPLATE_DATABASE_URL")
    connection = await connect_unhurried(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            known = cast("Any", await connection.fetchrow(_KNOWN))
            revision, snapshot, trusted = cast("tuple[str, str, list[str]]", tuple(known))
            server = connection.get_server_version().major
            await asyncio.to_thread(_dump, server, url, file, snapshot, trusted)
            tables = await fingerprint(connection)
    finally:
        await connection.close()
    manifest = Manifest(
        revision=revision, postgres=server, sha256=await asyncio.to_thread(_digest, file), tables=tables
    )
    beside(file).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


async def restore(owner_url: str, application_url: str, file: Path) -> Manifest:
    """Fill an empty database from a backup, all of it or nothing, and grant the application's role its rights.

    Raises:
        BackupError: the file is not what was written, the database is not empty, or the server lacks the role.
    """
    manifest = await asyncio.to_thread(read_manifest, file)
    application = await role_of(application_url)
    connection = await connect_unhurried(owner_url)
    try:
        if not await connection.fetchval(_ROLE, application):
            raise BackupError(f'There is no role "{application}" on this server; create it, then restore')
        if await connection.fetchval(_TABLES):
            raise BackupError("The database has tables already; restore into an empty one")
        major = max(connection.get_server_version().major, manifest.postgres)
        await asyncio.to_thread(_fill, major, owner_url, file)
        await connection.execute("analyze")
    finally:
        await connection.close()
    await apply_roles(owner_url, application_url)
    return manifest


async def verify(server_url: str, file: Path) -> Manifest:
    """Restore into a scratch database of a server, compare every table with the manifest, and drop it.

    Args:
        server_url: of a role that may create databases; its database is only connected to.
        file: the backup.

    Raises:
        BackupError: naming the first table that differs.
    """
    manifest = await asyncio.to_thread(read_manifest, file)
    name = f"bedplate_verify_{secrets.token_hex(4)}"
    server = await connect_unhurried(server_url)
    try:
        await _create(server, name)
        try:
            scratch = with_database(server_url, name)
            major = max(server.get_server_version().major, manifest.postgres)
            await asyncio.to_thread(_fill, major, scratch, file)
            compare(manifest.tables, await fingerprint_of(scratch))
        finally:
            await server.execute(f"drop database {name} with (force)")
    finally:
        await server.close()
    return manifest


async def fingerprint_of(url: str) -> dict[str, TableFingerprint]:
    """The fingerprint of a database that nobody writes to."""
    connection = await connect_unhurried(url)
    try:
        return await fingerprint(connection)
    finally:
        await connection.close()


def compare(expected: dict[str, TableFingerprint], found: dict[str, TableFingerprint]) -> None:
    """Raise BackupError unless both are the same, table by table."""
    for table in sorted(expected.keys() | found.keys()):
        wanted, there = expected.get(table), found.get(table)
        if wanted != there:
            counts = (
                f"{wanted.rows if wanted else 'no'} rows expected, {there.rows if there else 'none'} there"
            )
            raise BackupError(f"{table} differs: {counts}; do not rely on this backup")


def read_manifest(file: Path) -> Manifest:
    """Read a backup's manifest, and check the backup's own bytes against it."""
    if not file.is_file() or not beside(file).is_file():
        raise BackupError(f"{file} and {beside(file).name} belong together, and one is missing")
    try:
        manifest = msgspec.json.decode(beside(file).read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{beside(file)} is no manifest: {error}") from error
    if _digest(file) != manifest.sha256:
        raise BackupError(f"{file} is not what was written: its SHA-256 differs from its manifest's")
    return manifest


def beside(file: Path) -> Path:
    """The path of a backup's manifest."""
    return file.with_name(file.name + ".json")


async def _create(server: Connection, name: str) -> None:
    try:
        await server.execute(f"create database {name} template template0")
    except asyncpg.InsufficientPrivilegeError as error:
        raise BackupError(f"{error}: name a role that may by --server URL") from error


def _dump(server: int, url: str, file: Path, snapshot: str, extensions: list[str]) -> None:
    unfinished = file.with_name(f".{file.name}.unfinished")
    # An extension that only a superuser can create is the server's, not the service's.
    named = [f"--extension={name}" for name in extensions]
    options = ("--format=custom", f"--snapshot={snapshot}", f"--file={unfinished}", *_PLAIN, *named)
    if file.exists():
        raise BackupError(f"{file} is there already; name another file")
    try:
        unfinished.touch(mode=0o600)
        run_program(find_programs(server) / "pg_dump", url, *options)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _fill(major: int, url: str, file: Path) -> None:
    options = ("--exit-on-error", "--single-transaction", *_PLAIN, str(file))
    run_program(find_programs(major) / "pg_restore", url, *options)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
