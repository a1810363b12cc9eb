from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bedplate.platform.errors import Failure

if TYPE_CHECKING:
    from litestar.di import Provide
    from litestar.types import ControllerRouterHandler

    from bedplate.platform.db import ReadPool
    from bedplate.platform.jobs import Schedule, Task
    from bedplate.platform.telemetry.tallies import Tally


@dataclass(frozen=True, kw_only=True)
class Domain:
    """What a domain brings: the composition root mounts it, and nothing else needs to know it.

    `permissions` maps `resource:action` to its meaning; `errors` maps a constraint's name to the refusal
    that a client sees when it is broken; `dependencies` are what its handlers, and those of later domains,
    may ask for by name; `exports` are reads of what the domain keeps about a person, for his archive;
    `metrics` count what happens in it;
    `examples` are the values that the API's document shows for a field, by its name or as `Struct.field`.
    """

    name: str
    controllers: "tuple[ControllerRouterHandler, ...]" = ()
    jobs: "tuple[Task[Any], ...]" = ()
    schedules: "tuple[Schedule, ...]" = ()
    permissions: Mapping[str, str] = field(default_factory=dict[str, str])
    errors: Mapping[str, type[Failure]] = field(default_factory=dict[str, type[Failure]])
    dependencies: "Mapping[str, Provide]" = field(default_factory=dict[str, "Provide"])
    exports: "Mapping[str, Callable[[ReadPool, UUID], Awaitable[object]]]" = field(
        default_factory=dict[str, "Callable[[ReadPool, UUID], Awaitable[object]]"]
    )
    metrics: "tuple[Tally, ...]" = ()
    examples: Mapping[str, object] = field(default_factory=dict[str, object])
