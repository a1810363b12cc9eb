"""The composition root: it alone knows every domain and every part of the platform."""

from bedplate.starting import imported  # isort: split

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar_granian import GranianPlugin
from sqlalchemy import MetaData

from bedplate.domains import (
    access,
    accounts,
    audit,
    factors,
    federation,
    keys,
    operations,
    plans,
    sessions,
    teams,
    users,
)
from bedplate.domains.accounts import MailLinks, PersonalData
from bedplate.platform import idempotency
from bedplate.platform.auth.access import AccessGate, refuse_undeclared
from bedplate.platform.auth.caller import Caller
from bedplate.platform.auth.keys import CHANNEL as KEYS_CHANNEL
from bedplate.platform.auth.keys import KeyRing
from bedplate.platform.auth.middleware import Authenticator, CallerLayer
from bedplate.platform.auth.origins import Origins
from bedplate.platform.auth.revocation import CHANNEL as REVOKED_CHANNEL
from bedplate.platform.auth.revocation import Revocations
from bedplate.platform.auth.tokens import Tokens
from bedplate.platform.cache import Cache, cache_layer
from bedplate.platform.db import Base, Database, ReadPool, Transaction
from bedplate.platform.db.cursors import CursorSigner
from bedplate.platform.db.listen import Listener
from bedplate.platform.domain import Domain
from bedplate.platform.http.body import TypedRequest
from bedplate.platform.http.cors import Cors
from bedplate.platform.http.deadline import Deadlines, deadline_layer
from bedplate.platform.http.direct import argument_models, direct_call
from bedplate.platform.http.freshness import RedisMarks, mark_writes, reads_of
from bedplate.platform.http.gate import Gate
from bedplate.platform.http.health import HealthController, Probes
from bedplate.platform.http.json_answer import JsonAnswer
from bedplate.platform.http.layers import Layer, RouteLayers
from bedplate.platform.http.openapi import RawJson, get_openapi_document, openapi_config
from bedplate.platform.http.overload import Overload, Pool
from bedplate.platform.http.problems import exception_handlers
from bedplate.platform.http.queries import declared_query_parameters, page_query, query_gate
from bedplate.platform.http.service import Service
from bedplate.platform.idempotency import idempotency_layer
from bedplate.platform.jobs import Carrier, JobsRuntime, RedisCarrier
from bedplate.platform.jobs.plugin import JobsPlugin, PayloadSchemas
from bedplate.platform.limits import Limits, limit_layer
from bedplate.platform.mail import Mailer, make_mailer
from bedplate.platform.mail.page import MailboxController
from bedplate.platform.redis import Client, connect
from bedplate.platform.secrets.seal import Sealer
from bedplate.platform.telemetry.assembly import Telemetry
from bedplate.platform.telemetry.endpoint import get_metrics
from bedplate.platform.telemetry.logs import configure_logging
from bedplate.platform.telemetry.tallies import declare
from bedplate.settings import Settings
from bedplate.settings.auth import AuthSettings
from bedplate.settings.load import load_settings

DOMAINS: tuple[Domain, ...] = (
    audit.DOMAIN,
    accounts.DOMAIN,
    teams.DOMAIN,
    access.DOMAIN,
    keys.DOMAIN,
    factors.DOMAIN,
    sessions.DOMAIN,
    federation.DOMAIN,
    users.DOMAIN,
    operations.DOMAIN,
    plans.DOMAIN,
)
ABOUT = "The base of an API service, and living plans kept on it."


def permissions() -> Mapping[str, str]:
    """Every permission the domains declare, with its meaning."""
    return {name: meaning for domain in DOMAINS for name, meaning in domain.permissions.items()}


def metadata() -> MetaData:
    """The tables of every domain and of the platform, for migrations."""
    return Base.metadata


def jobs_runtime(settings: Settings, database: Database, carrier: Carrier | None = None) -> JobsRuntime:
    """The domains' jobs and schedules, for an API process or a worker."""
    return JobsRuntime(
        database,
        settings.jobs,
        carrier or RedisCarrier.connect(settings.redis),
        tasks=[task for domain in DOMAINS for task in domain.jobs],
        schedules=[schedule for domain in DOMAINS for schedule in domain.schedules],
        resources=_job_resources(settings, database),
    )


def cache_of(settings: Settings, database: Database, client: Client | None = None) -> Cache:
    """The cache of an API process or a worker."""
    return Cache(settings.cache, client or connect(settings.redis), database, prefix=settings.redis.prefix)


def _job_resources(settings: Settings, database: Database) -> Mapping[type, object]:
    """What the bodies of jobs may ask for."""
    exports = {name: read for domain in DOMAINS for name, read in domain.exports.items()}
    return {
        AuthSettings: settings.auth,
        Mailer: make_mailer(settings.mail, database),
        MailLinks: MailLinks(settings.mail.link_base or f"{settings.http.public_url}/v1/auth"),
        PersonalData: PersonalData(exports),
        Sealer: Sealer(settings.auth),
    }


def create_app(settings: Settings | None = None) -> Litestar:
    """Wire the domains onto the platform."""
    settings = settings or load_settings()
    database = Database(settings.database)
    state = _state(settings, database)
    telemetry = telemetry_of(settings, database)
    app = Service(
        route_handlers=[
            HealthController,
            get_openapi_document,
            get_metrics,
            *([MailboxController] if _shows_mailbox(settings) else []),
            *(controller for domain in DOMAINS for controller in domain.controllers),
        ],
        dependencies={
            "db": Provide(_transactions(database)),
            "reads": Provide(_reads, sync_to_thread=False),
            "caller": Provide(_caller, sync_to_thread=False),
            "page": Provide(page_query, sync_to_thread=False),
            **{name: provide for domain in DOMAINS for name, provide in domain.dependencies.items()},
        },
        middleware=[DefineMiddleware(RouteLayers, layers=_layers(settings, state))],
        after_request=idempotency.remember_answer,
        before_send=[mark_writes] if database.replica else [],
        exception_handlers=exception_handlers({k: v for domain in DOMAINS for k, v in domain.errors.items()}),
        lifespan=[
            telemetry.lifespan,
            database.lifespan,
            state.jobs.lifespan,
            partial(_lifespan, state),
            state.limits.lifespan,
            state.cache.lifespan,
            state.overload.lifespan,
        ],
        stores={"limits": state.limits.store},
        openapi_config=openapi_config("Bedplate", version("bedplate"), ABOUT),
        plugins=[GranianPlugin(), JobsPlugin(state.jobs), PayloadSchemas(state.jobs.tasks), RawJson()],
        logging_config=None,
        request_class=TypedRequest,
        response_class=JsonAnswer,
        request_max_body_size=settings.http.max_body,
        state=state,
    )
    refuse_undeclared(app)
    state.query_parameters.update(declared_query_parameters(app))
    state.argument_models.update(argument_models(app))
    app.wrap(
        telemetry.wrap,
        *([partial(Cors, origins=settings.http.allowed_origins)] if settings.http.allowed_origins else []),
        partial(Gate, settings=settings.http, limits=state.limits, overload=state.overload),
    )
    return app


def _layers(settings: Settings, state: State) -> Sequence[Layer]:
    return (
        partial(deadline_layer, deadlines=Deadlines(settings.http.request_timeout)),
        partial(CallerLayer, authenticator=state.authenticator),
        partial(limit_layer, limits=state.limits),
        AccessGate,
        partial(query_gate, known=state.query_parameters),
        idempotency_layer,
        partial(cache_layer, cache=state.cache),
        partial(direct_call, models=state.argument_models),
    )


def _shows_mailbox(settings: Settings) -> bool:
    return not settings.mail.smtp_url and settings.service.environment != "production"


def telemetry_of(settings: Settings, database: Database) -> Telemetry:
    """Traces, metrics and logs of one process."""
    configure_logging(settings.telemetry)
    telemetry = Telemetry(settings.telemetry, service=settings.service.name, version=version("bedplate"))
    declare(metric for domain in DOMAINS for metric in domain.metrics)
    telemetry.watch(
        pools={"reads": database.reads},
        engines={"transactions": database.engine, "durable": database.durable_engine},
    )
    return telemetry


def _state(settings: Settings, database: Database) -> State:
    sealer = Sealer(settings.auth)
    key_ring = KeyRing(sealer)
    tokens = Tokens(settings.auth, key_ring, settings.http.public_url or "http://bedplate.localhost")
    revocations = Revocations(database, settings.auth.access_token_ttl + settings.auth.clock_skew)
    key_secrets = keys.KeySecrets(sealer)
    api_keys = keys.ApiKeys(database, key_secrets)
    cookies = sessions.Cookies(sealer, database, revocations, settings.auth)
    origins = Origins(settings.http.public_url, settings.http.allowed_origins)
    client: Any = connect(settings.redis)
    max_lag = settings.database.replica_max_lag
    overload = Overload(settings.http, _pools(database))
    database.follow(RedisMarks(client, prefix=settings.redis.prefix, max_lag=max_lag))
    return State(
        {
            "settings": settings,
            "database": database,
            "jobs": jobs_runtime(settings, database),
            "sealer": sealer,
            "key_ring": key_ring,
            "tokens": tokens,
            "revocations": revocations,
            "authenticator": Authenticator(
                tokens, revocations, api_keys, cookies=cookies.caller, origins=origins
            ),
            "api_keys": api_keys,
            "key_secrets": key_secrets,
            "permissions": permissions(),
            "examples": {name: value for domain in DOMAINS for name, value in domain.examples.items()},
            "cookies": cookies,
            "devices": sessions.Devices(sealer),
            "origins": origins,
            "providers": federation.connect_providers(
                settings.oidc, settings.auth, settings.http.public_url or "http://bedplate.localhost"
            ),
            "relying_party": factors.RelyingParty.of(settings.http.public_url, settings.http.allowed_origins),
            "refresh_tokens": sessions.RefreshTokens(sealer),
            "passwords": accounts.Passwords(settings.auth),
            "query_parameters": {},
            "argument_models": {},
            "cursors": CursorSigner(sealer.key("cursor")),
            "redis": client,
            "cache": cache_of(settings, database, client),
            "limits": Limits(
                settings.limits,
                client,
                prefix=settings.redis.prefix,
                workers=settings.http.workers,
                production=settings.service.environment == "production",
            ),
            "overload": overload,
            "probes": Probes(
                {"database": database.sign_of_life.ask}, {"redis": client.ping, "capacity": overload.check}
            ),
        }
    )


def _pools(database: Database) -> Sequence[Pool]:
    reads, engine = database.reads, database.engine
    lent: Any = engine.pool
    return (
        Pool(lambda: reads.in_use >= reads.size, reads.connection),
        Pool(lambda: lent.checkedout() >= database.settings.pool_size, engine.connect),
    )


@asynccontextmanager
async def _lifespan(state: State, _app: Litestar) -> AsyncGenerator[None]:
    database: Database = state.database
    revocations: Revocations = state.revocations
    key_ring: KeyRing = state.key_ring
    api_keys: keys.ApiKeys = state.api_keys

    async def revoked(payload: str) -> None:
        await revocations.on_message(payload)
        await api_keys.on_message(payload)

    async def reload_keys(_payload: str) -> None:
        await key_ring.load(database)

    async def on_connect() -> None:
        api_keys.forget()
        await revocations.load()
        await key_ring.load(database)

    await key_ring.load(database)
    async with database.transaction() as session:
        await access.AccessService(session=session).keep_system_roles(permissions())
    channels = {
        REVOKED_CHANNEL: revoked,
        KEYS_CHANNEL: reload_keys,
        keys.CHANNEL: api_keys.on_message,
    }
    revocations.listener = api_keys.listener = Listener(database, channels, on_connect)
    async with revocations.listener.lifespan():
        state.probes.started = True
        yield
    await api_keys.close()
    await state.redis.aclose()
    state.passwords.close()
    await state.providers.close()


def _transactions(database: Database) -> Callable[[], AsyncGenerator[Transaction]]:
    async def transaction() -> AsyncGenerator[Transaction]:
        async with database.transaction() as session:
            await idempotency.reserve(session)
            yield session
            await idempotency.store(session)

    return transaction


def _reads(request: Request[Any, Any, Any]) -> ReadPool:
    return reads_of(request.scope, request.app.state.database)


def _caller(request: Request[Any, Any, Any]) -> Caller | None:
    return request.scope["user"]


imported()
