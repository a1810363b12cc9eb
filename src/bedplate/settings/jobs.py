from typing import Annotated

import msgspec
from msgspec import Meta

DAY = 86_400.0


class JobsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The worker and the ledger of jobs."""

    concurrency: Annotated[int, Meta(ge=1, le=500, description="Jobs a worker runs at once, a queue.")] = 10
    poll_interval: Annotated[
        float, Meta(gt=0, le=60, description="Seconds between two looks for jobs that nobody handed over.")
    ] = 1.0
    lease: Annotated[
        float,
        Meta(gt=0, le=3600, description="Seconds after which the jobs of a silent worker are given on."),
    ] = 15.0
    grace: Annotated[
        float, Meta(ge=0, description="Seconds a worker may finish what it runs after SIGTERM.")
    ] = 20.0
    health_port: Annotated[
        int, Meta(ge=0, le=65535, description="Port of the worker's health and metrics; 0: none.")
    ] = 0
    memory_limit: Annotated[
        int, Meta(ge=0, description="MiB of memory from which a worker drains and starts anew; 0: never.")
    ] = 0
    max_result: Annotated[int, Meta(ge=1024, description="Bytes of JSON that a job's result may have.")] = (
        16_777_216
    )
    inline_result: Annotated[
        int,
        Meta(
            ge=0, description="Bytes up to which a result lies and is shown with its job; larger: by /result."
        ),
    ] = 16_384
    keep_succeeded: Annotated[float, Meta(gt=0, description="Seconds a succeeded job is kept.")] = 7 * DAY
    keep_cancelled: Annotated[float, Meta(gt=0, description="Seconds a cancelled job is kept.")] = 7 * DAY
    keep_failed: Annotated[float, Meta(gt=0, description="Seconds a failed or dead job is kept.")] = 90 * DAY
