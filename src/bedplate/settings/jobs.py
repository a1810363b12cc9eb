from typing import Annotated

import msgspec
from msgspec import Meta


class JobsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The worker and the ledger of jobs."""

    concurrency: Annotated[int, Meta(ge=1, le=500, description="Jobs a worker runs at once.")] = 10
    poll_interval: Annotated[
        float, Meta(gt=0, le=60, description="Seconds between two looks for jobs that nobody handed over.")
    ] = 1.0
    grace: Annotated[
        float, Meta(ge=0, description="Seconds a worker may finish what it runs after SIGTERM.")
    ] = 20.0
    health_port: Annotated[
        int, Meta(ge=0, le=65535, description="Port of the worker's health and metrics; 0: none.")
    ] = 0
