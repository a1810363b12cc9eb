from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What this process is and where it stands."""

    environment: Annotated[
        Literal["local", "test", "production"],
        Meta(description="Production refuses to start on a missing, default or weak secret."),
    ] = "local"
    name: Annotated[str, Meta(min_length=1, description="The service's name in traces, logs and tokens.")] = (
        "bedplate"
    )
    secrets_dir: Annotated[
        str,
        Meta(description="A folder with one file a setting (Kubernetes, Docker or a Vault agent mounts it)."),
    ] = ""
