from typing import Annotated, Literal

import msgspec
from msgspec import Meta

type JobState = Literal["queued", "running", "succeeded", "failed", "dead", "cancelled"]


class StartJob(msgspec.Struct, forbid_unknown_fields=True):
    """Which public type of job to start, and its payload, by the type's own schema."""

    type: Annotated[str, Meta(max_length=100, examples=["plans.export"])]
    payload: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))
