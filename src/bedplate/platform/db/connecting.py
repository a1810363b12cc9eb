from typing import Any, cast

import asyncpg

from bedplate.platform.db.pool import Connection
from bedplate.settings.database import DatabaseSettings

CLIENT_GRACE = 5.0


class PooledConnection(asyncpg.Connection):
    """A connection through a pooler: what is set on its session may be another client's in the next moment.

    So each transaction brings its limits along, in the message that begins it, and forgets them at its end.
    """

    limits = ""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's own
        """Run statements; those that begin a transaction set its limits too."""
        if not args and query.startswith("BEGIN"):
            query = f"{query} {self.limits}"
        return await super().execute(query, *args, timeout=timeout)  # pyright: ignore[reportArgumentType] - a float is documented


async def connect_unhurried(url: str, *, patience: float = 60.0) -> Connection:
    """Open a connection, within `patience` seconds, for an operator's work: a role's own limits are for requests."""
    return await asyncpg.connect(  # pyright: ignore[reportUnknownVariableType] - untyped
        url,
        timeout=patience,  # pyright: ignore[reportArgumentType] - a float is documented
        server_settings={"statement_timeout": "0"},
    )


async def open_connection(
    settings: DatabaseSettings,
    url: str,
    *,
    application: str,
    timed: bool,
    pooled: bool,
    parameters: dict[str, str],
) -> Connection:
    """Open a connection; `parameters` are PostgreSQL's run-time parameters beside the limits of `settings`.

    A direct connection has them for its session. A pooler refuses them at its start; there each transaction
    sets them, and a statement outside of any is ended by this side alone, so it is timed whatever is asked.
    """
    limits = {
        "jit": "off",
        "statement_timeout": _milliseconds(settings.statement_timeout),
        "lock_timeout": _milliseconds(settings.lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(settings.statement_timeout * 4),
        **parameters,
    }
    start = {"application_name": application, "timezone": "UTC"}
    grace = 0 if pooled else CLIENT_GRACE
    connection: Connection = await asyncpg.connect(  # pyright: ignore[reportUnknownVariableType] - untyped
        url,
        timeout=settings.connect_timeout,  # pyright: ignore[reportArgumentType] - a float is documented
        command_timeout=settings.statement_timeout + grace if timed or pooled else None,
        statement_cache_size=settings.statement_cache_size,
        max_cached_statement_lifetime=0,
        connection_class=PooledConnection if pooled else asyncpg.Connection,
        server_settings=start if pooled else start | limits,
    )
    if pooled:
        cast("PooledConnection", connection).limits = " ".join(
            f"SET LOCAL {name} = '{value}';" for name, value in limits.items()
        )
    return connection  # pyright: ignore[reportUnknownVariableType]


async def through_pooler(connection: Connection) -> bool:
    """Whether something between stands in for the server: the process that answers is not the one that greeted."""
    row = cast("Any", await connection.fetchrow("select pg_backend_pid()"))
    return row[0] != cast("Any", connection).get_server_pid()


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
