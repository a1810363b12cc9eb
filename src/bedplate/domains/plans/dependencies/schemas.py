import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

type DependencyType = Literal["blocks", "relates", "duplicates", "discovered_from"]


class NewDependency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the task waits for: `blocker_id` must be closed before it can start."""

    blocker_id: UUID
    type: DependencyType = "blocks"


class DependencyView(msgspec.Struct):
    """`blocked_id` waits for `blocker_id`; `origin` is who says so: a client, the text, or the graph."""

    id: UUID
    plan_id: UUID
    blocked_id: UUID
    blocker_id: UUID
    type: DependencyType
    origin: Literal["api", "prose", "graph"]
    created_at: dt.datetime
    version: int
