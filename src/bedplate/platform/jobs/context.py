import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.db import Database
from bedplate.platform.jobs.errors import Superseded
from bedplate.platform.jobs.ledger.claims import Claim

STEP = text(
    "insert into job_step (job_id, step) values (:job_id, :step) on conflict do nothing returning step"
)
PROGRESS = """
with moved as (
  update job set progress = $3, message = $4, event_seq = event_seq + 1
  where id = $1 and attempt = $2 and state = 'running'
  returning id, event_seq
)
insert into job_event (job_id, seq, at, attempt, progress, message)
select id, event_seq, now(), $2, $3, $4 from moved
returning seq
"""
JOINED = """
select job.id, coalesce(apart.data, job.result::text)
from job left join job_result apart on apart.job_id = job.id where join_id = $1 order by job.id
"""


class JoinedResult(msgspec.Struct, frozen=True):
    """The result of a job that this one waited for."""

    job_id: UUID
    result: msgspec.Raw

    def decode[T](self, kind: type[T]) -> T:
        return msgspec.json.decode(self.result, type=kind)


class JobContext:
    """What an attempt knows and may use."""

    def __init__(
        self,
        claim: Claim,
        database: Database,
        resources: Mapping[type, object],
        beat: Callable[[], None],
        stopping: asyncio.Event,
    ) -> None:
        self._claim = claim
        self._resources = resources
        self._beat = beat
        self._stopping = stopping
        self._shown: tuple[int, str] | None = None
        self.database = database
        self.job_id = claim.id
        self.attempt = claim.attempt
        self.owner_id = claim.owner_id
        self.team_id = claim.team_id
        self.parent_id = claim.parent_id
        self.tags = claim.tags
        self.priority = claim.priority

    @property
    def cancelled(self) -> bool:
        """Whether the attempt was told to stop; a body that shields itself asks."""
        return self._stopping.is_set()

    def resource[T](self, kind: type[T]) -> T:
        """Return the object of this type that the composition root registered.

        Raises:
            LookupError: there is none.
        """
        for registered, value in self._resources.items():
            if issubclass(registered, kind):
                return cast("T", value)
        raise LookupError(f"No {kind.__name__} is registered with the jobs runtime")

    def beat(self) -> None:
        """Say that the attempt is alive; `progress` says it too."""
        self._beat()

    async def progress(self, percent: int, message: str = "") -> None:
        """Record a step of progress, 0 to 100, that the job's owner sees.

        Raises:
            Superseded: another worker has the job by now.
        """
        self._beat()
        if self._shown == (percent, message):
            return
        rows = await self.database.reads.fetch(
            PROGRESS, self.job_id, self.attempt, max(0, min(100, percent)), message
        )
        if not rows:
            raise Superseded
        self._shown = (percent, message)

    @asynccontextmanager
    async def once(self, step: str) -> AsyncGenerator[AsyncSession | None]:
        """Open a transaction for an effect that happens exactly once however often the job runs.

        Yields None when an earlier attempt has made it. The step is recorded in the same transaction, so
        that only effects in this PostgreSQL are covered; `step` is unique within the job.
        """
        async with self.database.transaction() as session:
            fresh = await session.scalar(STEP, {"job_id": self.job_id, "step": step})
            yield session if fresh else None

    async def joined(self) -> list[JoinedResult]:
        """Return the results of the jobs that this one waited for, in the order of their enqueuing."""
        rows = await self.database.reads.fetch(JOINED, self.job_id)
        return [JoinedResult(row[0], msgspec.Raw((row[1] or "null").encode())) for row in rows]
