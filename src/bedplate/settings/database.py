from typing import Annotated

import msgspec
from msgspec import Meta

from bedplate.settings.secret import Secret


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """PostgreSQL 15 or later."""

    url: Annotated[
        Secret, Meta(description="`postgresql://…` of the application's role. Empty: the embedded server.")
    ] = Secret("")
    owner_url: Annotated[
        Secret, Meta(description="`postgresql://…` of the owner's role, for migrations. Empty: `url`.")
    ] = Secret("")
    pooled: Annotated[
        bool, Meta(description="`url` leads through PgBouncer in transaction mode; needs `listen_url`.")
    ] = False
    listen_url: Annotated[
        Secret,
        Meta(
            description="`postgresql://…` for LISTEN, past every pooler: a connection a process. Empty: `url`."
        ),
    ] = Secret("")
    replica_url: Annotated[
        Secret, Meta(description="`postgresql://…` of a streaming replica, for reads declared to bear it.")
    ] = Secret("")
    replica_max_lag: Annotated[
        float, Meta(gt=0, le=60, description="Seconds the replica may be behind and still be read.")
    ] = 5.0
    pool_size: Annotated[int, Meta(ge=1, le=200, description="Connections for transactions, a process.")] = 8
    read_pool_size: Annotated[
        int, Meta(ge=1, le=200, description="Connections for compiled reads, a process.")
    ] = 8
    durable_pool_size: Annotated[
        int, Meta(ge=1, le=50, description="Connections for writes that outlive a refusal, a process.")
    ] = 2
    pool_timeout: Annotated[float, Meta(gt=0, description="Seconds to wait for a connection, then 503.")] = (
        5.0
    )
    statement_timeout: Annotated[float, Meta(gt=0, description="Seconds a statement may take.")] = 15.0
    lock_timeout: Annotated[float, Meta(gt=0, description="Seconds a statement may wait for a lock.")] = 5.0
    statement_cache_size: Annotated[
        int,
        Meta(
            ge=0,
            description="Prepared statements a connection; 0 behind a PgBouncer without `max_prepared_statements`.",
        ),
    ] = 512
    connect_timeout: Annotated[float, Meta(gt=0, description="Seconds to open a connection.")] = 5.0

    @property
    def migration_url(self) -> Secret:
        """The URL that migrations use."""
        return self.owner_url or self.url

    @property
    def direct_url(self) -> Secret:
        """The URL whose connections are the server's own, as LISTEN needs."""
        return self.listen_url or self.url
