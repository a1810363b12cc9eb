import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.errors import Invalid
from bedplate.platform.jobs.context import JobContext

type Body[P] = Callable[[JobContext, P], Awaitable[object]]
type Admit[P] = Callable[[AsyncSession, UUID, P], Awaitable[UUID | None]]
type UniqueWhile = Literal["queued", "active"]
type Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


class Empty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payload of a task that needs none."""


class Rate(msgspec.Struct, frozen=True):
    """At most `starts` attempts in any `period` seconds, over all workers."""

    starts: int
    period: float


@dataclass(frozen=True, kw_only=True)
class Task[P: msgspec.Struct]:
    """A kind of job: its body, its payload's type, and how it is tried, limited and kept; see `task`."""

    name: str
    body: Body[P]
    payload: type[P]
    timeout: float | None
    heartbeat: float | None
    max_attempts: int
    retry_delay: float
    retry_max: float
    queue: str
    priority: int
    public: bool
    permission: str | None
    admit: Admit[P] | None
    session: bool
    one_each: bool
    concurrency: int | None
    rate: Rate | None
    keep: float | None
    unique_for: float | None
    unique_while: UniqueWhile
    version: int
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict[int, Upgrade])

    @property
    def limited(self) -> bool:
        """Whether claims must be counted over all workers."""
        return self.concurrency is not None or self.rate is not None

    def delay(self, tried: int) -> float:
        """Seconds until the next attempt: doubling, capped, half of it random, so that a crowd spreads.

        `tried` counts from 1 for a new job and from its replay for a replayed one; less is taken for 1.
        """
        full = min(self.retry_max, self.retry_delay * 2 ** min(max(tried - 1, 0), 30))
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing

    def decode(self, raw: bytes | str, version: int) -> P:
        """Read a stored payload, brought up from the version it was written in.

        Raises:
            Invalid: it is not of the payload's type, or of a version with no upgrade.
        """
        try:
            if version == self.version:
                return msgspec.json.decode(raw, type=self.payload)
            value: dict[str, Any] = msgspec.json.decode(raw)
            for step in range(version, self.version):
                value = self.upgrades[step](value)
            return msgspec.convert(value, self.payload)
        except (msgspec.ValidationError, KeyError) as error:
            raise Invalid(f"The payload (version {version}) does not fit {self.name}") from error


def task[P: msgspec.Struct](
    name: str,
    *,
    payload: type[P] = Empty,
    timeout: float | None = None,
    heartbeat: float | None = None,
    max_attempts: int = 5,
    retry_delay: float = 1.0,
    retry_max: float = 300.0,
    queue: str = "default",
    priority: int = 0,
    public: bool = False,
    permission: str | None = None,
    admit: Admit[P] | None = None,
    session: bool = False,
    one_each: bool = False,
    concurrency: int | None = None,
    rate: Rate | None = None,
    keep: float | None = None,
    unique_for: float | None = None,
    unique_while: UniqueWhile = "active",
    version: int = 1,
    upgrades: Mapping[int, Upgrade] | None = None,
) -> Callable[[Body[P]], Task[P]]:
    """Declare a kind of job. It runs at least once, so its body is idempotent by `ctx.job_id` or `ctx.once`.

    `timeout` bounds an attempt, `heartbeat` the silence between two calls of `ctx.progress` or `ctx.beat`
    (seconds; one of them is required). `public` opens it to `POST /v1/jobs` for callers with `permission`;
    `admit` then checks the payload for its owner and names the team the job belongs to, and again before a
    retry. A `session` task is not for API keys, which neither start it nor read its result; of a task with
    `one_each` an owner has one queued or running. `concurrency` and `rate` hold over all workers. A unique key
    is taken while its job is queued or running, or only while it is "queued", by `unique_while`; `unique_for`
    stretches it over seconds since the last enqueuing.
    `keep` is retention in seconds. A payload of an older `version` passes through `upgrades[version]`.

    Raises:
        TypeError: neither timeout nor heartbeat is given, or a public payload accepts unknown fields.
    """
    if timeout is None and heartbeat is None:
        raise TypeError(f"{name}: give a timeout or a heartbeat, or a hung attempt would hang for ever")
    if unique_for and unique_while == "queued":
        raise TypeError(f"{name}: a key that is free once its job begins cannot hold for a period")
    if public and not payload.__struct_config__.forbid_unknown_fields:
        raise TypeError(f"{name}: a public payload declares forbid_unknown_fields=True")

    def declare(body: Body[P]) -> Task[P]:
        return Task(
            name=name,
            body=body,
            payload=payload,
            timeout=timeout,
            heartbeat=heartbeat,
            max_attempts=max_attempts,
            retry_delay=retry_delay,
            retry_max=retry_max,
            queue=queue,
            priority=priority,
            public=public,
            permission=permission,
            admit=admit,
            session=session,
            one_each=one_each,
            concurrency=concurrency,
            rate=rate,
            keep=keep,
            unique_for=unique_for,
            unique_while=unique_while,
            version=version,
            upgrades=upgrades or {},
        )

    return declare


class Tasks:
    """The tasks that this program knows, by name."""

    def __init__(self, tasks: Iterable[Task[Any]]) -> None:
        self._by_name: dict[str, Task[Any]] = {}
        for one in tasks:
            if self._by_name.setdefault(one.name, one) is not one:
                raise TypeError(f"Two tasks are named {one.name}")

    def get(self, name: str) -> Task[Any] | None:
        return self._by_name.get(name)

    def all(self) -> list[Task[Any]]:
        return list(self._by_name.values())

    def queues(self) -> list[str]:
        """The queues that the tasks use, in the order of their declaration."""
        return list(dict.fromkeys(["default", *(one.queue for one in self._by_name.values())]))

    def freeing(self) -> list[str]:
        """The tasks whose jobs give their unique key free when they begin."""
        return [one.name for one in self._by_name.values() if one.unique_while == "queued"]

    def limited(self) -> list[Task[Any]]:
        """The tasks whose claims are counted over all workers."""
        return [one for one in self._by_name.values() if one.limited]
