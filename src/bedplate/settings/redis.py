from typing import Annotated

import msgspec
from msgspec import Meta

from bedplate.settings.secret import Secret


class RedisSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Redis 7 or Valkey 8 and later."""

    url: Annotated[
        Secret,
        Meta(
            description="`redis://`, `rediss://` or `unix://` URL; `redis+sentinel://host:26379,host/service/0` for "
            "what Sentinels watch, `redis+cluster://host:6379,host` for a cluster. Empty: the embedded server."
        ),
    ] = Secret("")
    timeout: Annotated[float, Meta(gt=0, description="Seconds before a command counts as failed.")] = 0.25
    connect_timeout: Annotated[float, Meta(gt=0, description="Seconds to open a connection.")] = 0.5
    max_connections: Annotated[int, Meta(ge=1, description="Connections a process, the queue's apart.")] = 64
    prefix: Annotated[str, Meta(pattern="^[a-z0-9-]+$", description="First part of every key.")] = "bedplate"
