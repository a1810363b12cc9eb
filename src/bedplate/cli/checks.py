import datetime as dt
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
from redis.exceptions import ResponseError

from bedplate.cli import live
from bedplate.cli.findings import Finding
from bedplate.platform import revisions
from bedplate.platform.db import Database, utcnow
from bedplate.platform.redis import connect
from bedplate.settings import Settings
from bedplate.settings.production import is_weak

OLDEST_POSTGRES = 150_000
MAX_CLOCK_DIFFERENCE = 1.0
PATIENCE = 5.0
LEAST_AHEAD = dt.timedelta(days=31)
BESIDES = 3
"""Connections of a process besides its pools: for LISTEN, for readiness, and one to spare for whoever looks."""


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything a running service depends on; a look that fails is a finding, not an error."""
    looks: list[tuple[str, Callable[[Settings], Awaitable[list[Finding]]]]] = [
        ("settings", _settings),
        ("PostgreSQL", _postgres),
        ("migrations", _migrations),
        ("Redis", _redis),
        ("proxies", _proxies),
        ("workers", live.jobs),
        ("cache", live.cache),
    ]
    found: list[Finding] = []
    for what, look in looks:
        try:
            found += await look(settings)
        except Exception as error:  # noqa: BLE001 - whatever fails is what was looked for
            found.append(Finding(what, "fault", f"{type(error).__name__}: {error}", _remedy(what)))
    return found


def _unnamed(what: str, variable: str) -> Finding:
    remedy = f"set {variable}, or run `bedplate up` in this folder"
    return Finding(what, "fault", "no server is named, and none runs here", remedy)


def _remedy(what: str) -> str:
    names = {
        "PostgreSQL": "BEDPLATE_DATABASE_URL",
        "migrations": "BEDPLATE_DATABASE_OWNER_URL",
        "Redis": "BEDPLATE_REDIS_URL",
    }
    return f"check {names[what]} and that the server runs" if what in names else ""


async def _settings(settings: Settings) -> list[Finding]:
    findings = [Finding("settings", "ok", f"sound, environment {settings.service.environment}")]
    secret = settings.auth.secret.reveal()
    if not secret or is_weak(secret):
        says = "missing" if not secret else "weak"
        findings.append(
            Finding("BEDPLATE_AUTH_SECRET", "warning", says, "set 48 random bytes: `openssl rand -base64 48`")
        )
    return findings


async def _postgres(settings: Settings) -> list[Finding]:
    if not settings.database.url:
        return [_unnamed("PostgreSQL", "BEDPLATE_DATABASE_URL")]
    connection = await Database(settings.database, application="bedplate doctor").connect()
    try:
        before = time.time()
        row: Any = await connection.fetchrow(  # pyright: ignore[reportUnknownVariableType]
            "select version(), current_setting('server_version_num')::int, extract(epoch from clock_timestamp()),"
            " current_setting('max_connections')::int, current_user"
        )
        version, number, server, limit, role = cast("tuple[str, int, float, int, str]", row)
        findings = [Finding("PostgreSQL", "ok", f"{version.partition(' on ')[0]} as {role}")]
        if number < OLDEST_POSTGRES:
            findings.append(Finding("PostgreSQL", "fault", "older than 15", "upgrade the server"))
        findings += _clock(float(server) - (before + time.time()) / 2, of="PostgreSQL") + _connections(
            settings, limit
        )
        return findings + await _rights(connection)
    finally:
        await connection.close()


def _clock(difference: float, *, of: str) -> list[Finding]:
    if abs(difference) > MAX_CLOCK_DIFFERENCE:
        return [Finding("clock", "warning", f"{difference:+.1f} s from {of}'s", "let NTP set both")]
    return [Finding("clock", "ok", f"within {abs(difference) * 1000:.0f} ms of {of}'s")]


def _connections(settings: Settings, limit: int) -> list[Finding]:
    database = settings.database
    each = database.pool_size + database.read_pool_size + database.durable_pool_size + BESIDES
    wanted = each * settings.http.workers
    if wanted > limit:
        remedy = "lower the pools, raise max_connections, or put PgBouncer between"
        return [Finding("connections", "warning", f"{wanted} wanted, the server allows {limit}", remedy)]
    return [
        Finding(
            "connections", "ok", f"{wanted} wanted by {settings.http.workers} process(es), {limit} allowed"
        )
    ]


async def _rights(connection: Any) -> list[Finding]:
    if await connection.fetchval("select to_regclass('audit_event')") is None:
        return []
    if await connection.fetchval("select has_table_privilege(current_user, 'audit_event', 'delete')"):
        remedy = "give the application a role of its own, other than BEDPLATE_DATABASE_OWNER_URL's"
        return [Finding("audit trail", "warning", "the application's role may delete events", remedy)]
    return [Finding("audit trail", "ok", "append-only for the application's role"), await _months(connection)]


async def _months(connection: Any) -> Finding:
    if await connection.fetchval("select to_regprocedure('audit_event_parts()')") is None:
        return Finding("audit months", "warning", "not in months yet", "run `bedplate db upgrade`")
    made = await connection.fetchval("select max(since) from audit_event_parts()")
    if made < utcnow() + LEAST_AHEAD:
        remedy = "run `bedplate audit months --make` in a quiet hour, and look why the schedule audit.months did not"
        return Finding("audit months", "warning", f"made only to {made:%Y-%m-%d}", remedy)
    return Finding("audit months", "ok", f"made to {made:%Y-%m-%d}")


async def _migrations(settings: Settings) -> list[Finding]:
    if not settings.database.migration_url:
        return []
    current = await revisions.current(settings.database.migration_url.reveal())
    newest = revisions.head()
    if revisions.is_ahead(current):
        says = f"at {current}, which a later release made; newest here {newest}"
        return [Finding("migrations", "warning", says, "right after a rollback; else deploy that release")]
    if current != newest:
        return [
            Finding(
                "migrations",
                "fault",
                f"at {current or 'nothing'}, newest {newest}",
                "run `bedplate db upgrade`",
            )
        ]
    return [Finding("migrations", "ok", f"at {newest}")]


async def _redis(settings: Settings) -> list[Finding]:
    if not settings.redis.url:
        return [_unnamed("Redis", "BEDPLATE_REDIS_URL")]
    client: Any = connect(msgspec.structs.replace(settings.redis, timeout=PATIENCE))
    try:
        before = time.time()
        seconds, micros = await client.time()
        clock = _clock(seconds + micros / 1e6 - (before + time.time()) / 2, of="Redis")
        info = await client.info()
        policy = await _policy(client)
    finally:
        await client.aclose()
    server = "Valkey" if "valkey_version" in info else "Redis"
    version = info.get("valkey_version") or info["redis_version"]
    findings = [Finding("Redis", "ok", f"{server} {version}"), *clock]
    if policy != "noeviction":
        findings.append(
            Finding(
                "Redis",
                "warning",
                f"may evict keys ({policy})",
                "set maxmemory-policy noeviction, or limits forget",
            )
        )
    return findings


async def _policy(client: Any) -> str:
    try:
        return (await client.config_get("maxmemory-policy")).get("maxmemory-policy", "unknown")
    except ResponseError:
        return "not told: CONFIG is refused"


async def _proxies(settings: Settings) -> list[Finding]:
    trusted = settings.http.trusted_proxies
    if settings.service.environment == "production" and not trusted:
        remedy = "set BEDPLATE_HTTP_TRUSTED_PROXIES to the load balancer's network, or every client shares one address"
        return [Finding("proxies", "warning", "none trusted: X-Forwarded-For is ignored", remedy)]
    return [Finding("proxies", "ok", ", ".join(trusted) or "none trusted, X-Forwarded-For is ignored")]
